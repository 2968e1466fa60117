import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { ChannelCounts, type RenditionCounts } from './channel-counts.js';
import type { HttpObserver } from './http/observer.js';
import type { IngestObserver } from './ingest/observer.js';
import type { PlayObserver } from './ingest/player.js';
import type { Channel } from './origin/channel.js';
import type { OriginObserver } from './origin/observer.js';
import type { PushStatus } from './relay/push-status.js';

/** Seconds; from a frame's share of time to a stall. */
const LAG_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1, 2, 5];

/** Everything counted, in Prometheus' terms. Observers are handed to the layers; gauges are read when scraped. */
export class Metrics {
  readonly registry = new Registry();
  /** Of the channels that anything was counted of. */
  readonly #counts = new Map<string, ChannelCounts>();
  readonly #publishes = this.#counter('millrace_publishes_total', 'Publishes accepted', ['channel']);
  readonly #publishEnds = this.#counter('millrace_publish_ends_total', 'Publishes ended, by reason', [
    'channel',
    'reason',
  ]);
  readonly #forced = this.#counter(
    'millrace_forced_boundaries_total',
    'Segments begun without a keyframe because the keyframe interval is too long',
    ['channel'],
  );
  readonly #transcoderFailures = this.#counter(
    'millrace_transcoder_failures_total',
    'Transcoders that failed',
    ['channel'],
  );
  readonly #answers = this.#counter(
    'millrace_http_answers_total',
    'HTTP answers by status; 0: the client left first',
    ['status'],
  );
  readonly #answerBytes = this.#counter('millrace_http_bytes_total', 'Bytes of HTTP answer bodies', []);
  readonly #partLag = new Histogram({
    name: 'millrace_part_lag_seconds',
    help: 'From the arrival of the newest source unit of a part to its publication',
    labelNames: ['channel', 'rendition'],
    buckets: LAG_BUCKETS,
    registers: [this.registry],
  });
  readonly #connections = this.#counter(
    'millrace_rtmp_connections_total',
    'RTMP connections by how they ended',
    ['reason'],
  );
  readonly #openConnections = new Gauge({
    name: 'millrace_rtmp_connections',
    help: 'RTMP connections open now',
    registers: [this.registry],
  });
  readonly #rejected = this.#counter(
    'millrace_rtmp_rejected_total',
    'RTMP connections and publishers turned away, by the cap',
    ['cap'],
  );
  readonly #publishers = new Gauge({
    name: 'millrace_rtmp_publishers',
    help: 'RTMP connections that publish now',
    registers: [this.registry],
  });
  readonly #refused = this.#counter('millrace_publishes_refused_total', 'Publishes refused, by error code', [
    'code',
  ]);
  readonly #takeovers = this.#counter(
    'millrace_takeovers_total',
    'Publishers that lost their key to another',
    ['channel'],
  );
  readonly #ignored = this.#counter('millrace_ingest_ignored_total', 'Messages that could not be used', [
    'channel',
    'code',
  ]);
  readonly #faults = this.#counter(
    'millrace_rtmp_faults_total',
    'RTMP connections ended for a fault, by code',
    ['code'],
  );

  readonly #players = new Gauge({
    name: 'millrace_rtmp_players',
    help: 'RTMP connections that play now',
    labelNames: ['channel'],
    registers: [this.registry],
  });
  readonly #playsRefused = this.#counter('millrace_plays_refused_total', 'Players refused, by reason', [
    'reason',
  ]);
  readonly #playDropped = this.#counter(
    'millrace_play_dropped_messages_total',
    'Messages left out for RTMP players that are too slow',
    ['channel'],
  );

  readonly origin: OriginObserver = {
    publishStarted: (channel) => {
      this.#publishes.inc({ channel });
    },
    publishEnded: (channel, reason) => {
      this.#publishEnds.inc({ channel, reason });
    },
    tookOver: (channel) => {
      this.#takeovers.inc({ channel });
    },
    partAdded: (channel, rendition, bytes, arrival) => {
      this.#countsOf(channel).partAdded(rendition, bytes);
      this.#partLag.observe({ channel, rendition }, Math.max(0, Date.now() - arrival) / 1000);
    },
    forcedBoundary: (channel) => {
      this.#forced.inc({ channel });
    },
    transcoderFailed: (channel) => {
      this.#transcoderFailures.inc({ channel });
    },
  };

  readonly ingest: IngestObserver = {
    connectionOpened: () => {
      this.#openConnections.inc();
    },
    connectionClosed: (reason) => {
      this.#openConnections.dec();
      this.#connections.inc({ reason });
    },
    connectionRejected: (cap) => {
      this.#rejected.inc({ cap });
    },
    publishStarted: () => {
      this.#publishers.inc();
    },
    publishEnded: () => {
      this.#publishers.dec();
    },
    publishRefused: (code) => {
      this.#refused.inc({ code });
    },
    bytesIn: (channel, bytes) => {
      this.#countsOf(channel).ingestBytes += bytes;
    },
    unit: (channel, kind) => {
      this.#countsOf(channel).ingestUnits[kind] += 1;
    },
    messageIgnored: (channel, code) => {
      this.#ignored.inc({ channel, code });
    },
    fault: (code) => {
      this.#faults.inc({ code });
    },
  };

  readonly play: PlayObserver = {
    playStarted: (channel) => {
      this.#players.inc({ channel });
    },
    playEnded: (channel) => {
      this.#players.dec({ channel });
    },
    playRefused: (reason) => {
      this.#playsRefused.inc({ reason });
    },
    bytesOut: (channel, bytes) => {
      this.#countsOf(channel).playedBytes += bytes;
    },
    mediaDropped: (channel) => {
      this.#playDropped.inc({ channel });
    },
  };

  readonly http: HttpObserver = {
    answered: (status, bytes) => {
      this.#answers.inc({ status: String(status) });
      if (bytes > 0) this.#answerBytes.inc(bytes);
    },
  };

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    this.#showCounts();
  }

  /** Gauges whose value is looked up at each scrape. */
  watch(sources: {
    waiters: () => number;
    channels: () => Iterable<Channel>;
    pushes: (channel: string) => readonly PushStatus[];
  }): void {
    this.#watchPushes(sources);
    this.#gauge('millrace_http_waiters', 'Requests held until what they ask for exists', [], (set) => {
      set({}, sources.waiters());
    });
    this.#gauge('millrace_channel_live', '1 while a publisher is live on the channel', ['channel'], (set) => {
      for (const channel of sources.channels())
        set({ channel: channel.name }, channel.state === 'live' ? 1 : 0);
    });
    const findings = 'What is wrong with what a publisher sends; 1 while it is';
    this.#gauge('millrace_publisher_findings', findings, ['channel', 'code', 'severity'], (set) => {
      for (const { name, publisherReport } of sources.channels()) {
        for (const { code, severity } of publisherReport?.findings ?? [])
          set({ channel: name, code, severity }, 1);
      }
    });
    const rungs = (read: (stats: RungFigures) => number) => (set: SetValue) => {
      for (const channel of sources.channels()) {
        for (const rung of channel.rungStats())
          set({ channel: channel.name, rendition: rung.name }, read(rung));
      }
    };
    const labels = ['channel', 'rendition'];
    this.#gauge(
      'millrace_transcode_lag_seconds',
      'Source arrival to encoded frame',
      labels,
      rungs((r) => r.lagMs / 1000),
    );
    this.#gauge(
      'millrace_transcode_queue_frames',
      'Frames that wait for an encoder',
      labels,
      rungs((r) => r.queueLength),
    );
    this.#gauge(
      'millrace_transcode_frames',
      'Frames encoded in this publish',
      labels,
      rungs((r) => r.framesOut),
    );
    this.#gauge(
      'millrace_transcode_dropped_frames',
      'Frames skipped in this publish',
      labels,
      rungs((r) => r.framesDropped),
    );
  }

  #watchPushes(sources: {
    channels: () => Iterable<Channel>;
    pushes: (channel: string) => readonly PushStatus[];
  }): void {
    const pushes = (read: (status: PushStatus) => number) => (set: SetValue) => {
      for (const { name } of sources.channels()) {
        for (const [i, status] of sources.pushes(name).entries())
          set({ channel: name, target: `${i + 1} ${status.server}` }, read(status));
      }
    };
    const labels = ['channel', 'target'];
    const watch = (name: string, help: string, read: (status: PushStatus) => number): void =>
      this.#gauge(name, help, labels, pushes(read));
    watch('millrace_push_live', '1 while a target gets the channel', (s) => (s.state === 'live' ? 1 : 0));
    watch('millrace_push_bytes', 'Bytes that a target has taken', (s) => s.bytes);
    watch(
      'millrace_push_dropped_messages',
      'Messages left out for a target that is too slow',
      (s) => s.dropped,
    );
    watch('millrace_push_connections', 'Publishes to a target that began', (s) => s.connections);
  }

  #countsOf(channel: string): ChannelCounts {
    let counts = this.#counts.get(channel);
    if (counts === undefined) this.#counts.set(channel, (counts = new ChannelCounts()));
    return counts;
  }

  #showCounts(): void {
    const ofChannels =
      (read: (channel: string, counts: ChannelCounts, set: SetValue) => void) => (set: SetValue) => {
        for (const [channel, counts] of this.#counts) read(channel, counts, set);
      };
    const ofRenditions = (read: (counts: RenditionCounts) => number): ((set: SetValue) => void) =>
      ofChannels((channel, { renditions }, set) => {
        for (const [rendition, counts] of renditions) set({ channel, rendition }, read(counts));
      });
    this.#counted(
      'millrace_parts_total',
      'Parts published',
      ['channel', 'rendition'],
      ofRenditions((r) => r.parts),
    );
    this.#counted(
      'millrace_part_bytes_total',
      'Bytes of parts published',
      ['channel', 'rendition'],
      ofRenditions((r) => r.bytes),
    );
    this.#counted(
      'millrace_ingest_bytes_total',
      'Bytes received from publishers',
      ['channel'],
      ofChannels((channel, { ingestBytes }, set) => set({ channel }, ingestBytes)),
    );
    this.#counted(
      'millrace_ingest_units_total',
      'Access units received from publishers',
      ['channel', 'kind'],
      ofChannels((channel, { ingestUnits }, set) => {
        for (const [kind, units] of Object.entries(ingestUnits)) set({ channel, kind }, units);
      }),
    );
    this.#counted(
      'millrace_play_bytes_total',
      'Bytes of media sent to RTMP players',
      ['channel'],
      ofChannels((channel, { playedBytes }, set) => set({ channel }, playedBytes)),
    );
  }

  /** A counter whose values are looked up at each scrape; what has not happened is not shown. */
  #counted(name: string, help: string, labelNames: string[], read: (set: SetValue) => void): void {
    const counter: Counter = new Counter({
      name,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        counter.reset();
        read((labels, value) => {
          if (value > 0) counter.inc(labels, value);
        });
      },
    });
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  #gauge(name: string, help: string, labelNames: string[], read: (set: SetValue) => void): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        gauge.reset();
        read((labels, value) => {
          gauge.set(labels, value);
        });
      },
    });
  }
}

type SetValue = (labels: Record<string, string>, value: number) => void;
type RungFigures = ReturnType<Channel['rungStats']>[number];
