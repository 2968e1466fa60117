/**
 * Every error Millrace raises on purpose carries a stable `code`; match on the code, never on the message.
 * `docs/errors.md` lists them all and a test keeps that list complete.
 */
export const ERROR_CODES = {
  // configuration
  CONFIG_INVALID: 'the configuration has one or more faults; all are listed',
  CONFIG_UNREADABLE: 'the configuration file could not be read or is not YAML',
  // process
  DATA_UNUSABLE: 'the data directory cannot be read or written',
  LISTEN_FAILED: 'a port could not be opened',
  TLS_UNUSABLE: 'the files of a certificate cannot be used',
  // RTMP protocol (ends one connection)
  RTMP_BAD_VERSION: 'the first byte is not an RTMP handshake',
  RTMP_BAD_CHUNK: 'a chunk header breaks the chunk stream rules',
  RTMP_MESSAGE_TOO_LONG: 'a message is longer than the limit for its type',
  RTMP_LIMIT: 'a per-connection limit was passed',
  RTMP_BAD_COMMAND: 'a command message is malformed or out of order',
  RTMP_TIMEOUT: 'the peer took too long',
  TLS_FAILED: 'a TLS connection could not be made or broke',
  RTMP_REFUSED: 'the server refused a command of ours (client side)',
  CONNECT_FAILED: 'a connection of ours could not be made or was lost (client side)',
  AMF_MALFORMED: 'an AMF0 value is malformed or passes a limit',
  FLV_MALFORMED: 'an audio or video message is not a valid FLV tag body',
  // media
  MEDIA_BAD_CONFIG: 'a decoder configuration record is malformed',
  MEDIA_UNSUPPORTED: 'a codec or profile that cannot be carried',
  MEDIA_BAD_UNIT: 'an access unit is malformed',
  // transcoding
  TRANSCODE_UNAVAILABLE: 'the native addon is not built or could not be loaded',
  TRANSCODE_FAILED: 'the transcoder failed',
  // publishing
  PUBLISH_DENIED: 'the stream key is unknown',
  PUBLISH_BUSY: 'the channel already has a live publisher',
  // checking a presentation
  CHECK_UNREACHABLE: 'the presentation to check could not be fetched',
  CHECK_NOT_HLS: 'what is at the URL to check is not an HLS presentation',
  CHECK_BAD_OPTION: 'an option of the check command has no meaning',
  // HTTP
  NOT_FOUND: 'nothing is at this URL',
  CHANNEL_NOT_LIVE: 'the channel is not live',
  BAD_DIRECTIVE: 'a delivery directive is malformed or too far ahead',
  PLAYLIST_TIMEOUT: 'the requested part did not come in time',
  TOO_MANY_WAITERS: 'too many requests are waiting, on the channel, from one address or in all',
  METHOD_NOT_ALLOWED: 'only GET, HEAD and OPTIONS are served here',
  SHUTTING_DOWN: 'the server is shutting down',
  INTERNAL: 'a fault of the server itself',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An expected failure with a stable code and a message that names the fault. */
export class MillraceError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MillraceError';
    this.code = code;
  }
}
