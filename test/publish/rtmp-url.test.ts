import { describe, expect, it } from 'vitest';
import { parseRtmpUrl } from '../../src/publish/rtmp-url.js';

describe('an RTMP URL', () => {
  it('names the server, the application and the stream key', () => {
    expect(parseRtmpUrl('rtmp://example.org/live/secret')).toEqual({
      host: 'example.org',
      port: 1935,
      app: 'live',
      streamKey: 'secret',
      tcUrl: 'rtmp://example.org/live',
    });
  });

  it('may have a port, an instance, a query and an IPv6 address', () => {
    expect(parseRtmpUrl('rtmp://[::1]:2935/live/instance/key?token=1')).toEqual({
      host: '::1',
      port: 2935,
      app: 'live/instance',
      streamKey: 'key?token=1',
      tcUrl: 'rtmp://[::1]:2935/live/instance',
    });
  });

  it.each([
    '',
    'nonsense',
    'http://host/live/key',
    'rtmp://host',
    'rtmp://host/live',
    'rtmp://host/live/',
    'rtmp:///live/key',
  ])('is refused when it is %j', (url) => {
    expect(() => parseRtmpUrl(url)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error);
  });

  it('does not show its key when it is refused', () => {
    expect(() => parseRtmpUrl('rtmps://host/live/secret')).toThrow(/^(?!.*secret)/);
  });
});
