import { describe, expect, it } from 'vitest';
import { Metrics } from '../src/metrics.js';

const valuesOf = async (metrics: Metrics, name: string): Promise<string[]> => {
  const text = await metrics.registry.getSingleMetricAsString(name);
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
};

describe('Metrics', () => {
  it('shows what was counted of each channel, the same at every scrape', async () => {
    const metrics = new Metrics();
    metrics.ingest.bytesIn('a', 1000);
    metrics.ingest.bytesIn('a', 500);
    metrics.ingest.unit('a', 'video');
    metrics.ingest.unit('b', 'audio');
    metrics.origin.partAdded('a', '720p', 70, Date.now());
    metrics.origin.partAdded('a', '720p', 30, Date.now());
    metrics.play.bytesOut('b', 42);
    for (let scrape = 0; scrape < 2; scrape++) {
      expect(await valuesOf(metrics, 'millrace_ingest_bytes_total')).toEqual([
        'millrace_ingest_bytes_total{channel="a"} 1500',
      ]);
      expect(await valuesOf(metrics, 'millrace_ingest_units_total')).toEqual([
        'millrace_ingest_units_total{channel="a",kind="video"} 1',
        'millrace_ingest_units_total{channel="b",kind="audio"} 1',
      ]);
      expect(await valuesOf(metrics, 'millrace_parts_total')).toEqual([
        'millrace_parts_total{channel="a",rendition="720p"} 2',
      ]);
      expect(await valuesOf(metrics, 'millrace_part_bytes_total')).toEqual([
        'millrace_part_bytes_total{channel="a",rendition="720p"} 100',
      ]);
      expect(await valuesOf(metrics, 'millrace_play_bytes_total')).toEqual([
        'millrace_play_bytes_total{channel="b"} 42',
      ]);
    }
  });
});
