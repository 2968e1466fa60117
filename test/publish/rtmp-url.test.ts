import { describe, expect, it } from 'vitest';
import { MillraceError } from '../../src/errors.js';
import { isRtmpUrl, parseRtmpUrl, showTarget, withoutKey } from '../../src/publish/rtmp-url.js';

describe('an RTMP URL', () => {
  it('names the server, the application and the stream key', () => {
    expect(parseRtmpUrl('rtmp://example.org/live/secret')).toEqual({
      secure: false,
      host: 'example.org',
      port: 1935,
      app: 'live',
      streamKey: 'secret',
      tcUrl: 'rtmp://example.org/live',
    });
  });

  it('may have a port, an instance, a query and an IPv6 address', () => {
    expect(parseRtmpUrl('rtmp://[::1]:2935/live/instance/key?token=1')).toEqual({
      secure: false,
      host: '::1',
      port: 2935,
      app: 'live/instance',
      streamKey: 'key?token=1',
      tcUrl: 'rtmp://[::1]:2935/live/instance',
    });
  });

  it('may be of RTMP over TLS, whose port is that of HTTPS', () => {
    expect(parseRtmpUrl('rtmps://example.org/live/key')).toMatchObject({
      secure: true,
      port: 443,
      tcUrl: 'rtmps://example.org/live',
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
    expect(isRtmpUrl(url)).toBe(false);
  });

  it('is shown with its key blotted out', () => {
    expect(showTarget(parseRtmpUrl('rtmp://host/live/a-secret-key-1'))).toBe('rtmp://host/live/a-…(14)');
    const fault = new MillraceError('RTMP_REFUSED', 'no a-secret-key-1?x=1 here, a-secret-key-1!');
    expect(withoutKey(fault, 'a-secret-key-1?x=1')).toMatchObject({
      code: 'RTMP_REFUSED',
      message: 'no a-…(18) here, a-…(14)!',
    });
  });

  it('is blotted out of a long answer before that is cut short', () => {
    const key = 'a-secret-key-1';
    const fault = new MillraceError('RTMP_REFUSED', `${'x'.repeat(290)}${key.repeat(5000)}`);
    const { message } = withoutKey(fault, key);
    expect(message).toHaveLength(300);
    expect(message).not.toContain('secret');
  });

  it('does not show its key when it is refused', () => {
    expect(() => parseRtmpUrl('rtmpt://host/live/secret')).toThrow(/^(?!.*secret)/);
  });
});
