import type { AudioReport, PublisherReport, VideoReport } from '../diagnosis/report.js';

/**
 * What a publisher sends and what is wrong with it, as the API gives it: for everybody's eyes, so neither its address nor
 * its key is in it. What is not known is null.
 */
export function publisherStatus(report: PublisherReport | undefined): object | null {
  if (report === undefined) return null;
  const { encoder, video, audio, findings } = report;
  return {
    encoder: encoder === '' ? null : encoder,
    video: video === undefined ? null : videoStatus(video),
    audio: audio === undefined ? null : audioStatus(audio),
    findings: findings.map(({ code, severity, value, unit, message, advice, since }) => ({
      code,
      severity,
      value: value ?? null,
      unit: unit ?? null,
      message,
      advice,
      since: new Date(since).toISOString(),
    })),
  };
}

function videoStatus(video: VideoReport): object {
  const { keyframeInterval: keyframes, colour } = video;
  return {
    codec: video.codec,
    codecs: video.codecString,
    profile: video.profile ?? null,
    level: video.level ?? null,
    width: video.width,
    height: video.height,
    frameRate: round(video.frameRate),
    measuredFrameRate: rounded(video.measuredFrameRate),
    bitrate: whole(video.bitrate),
    keyframeInterval:
      keyframes === undefined
        ? null
        : { last: round(keyframes.last), longest: round(keyframes.longest), mean: round(keyframes.mean) },
    bFrames: video.bFrames,
    scan: video.scan ?? null,
    chroma: video.chroma ?? null,
    bitDepth: video.bitDepth ?? null,
    videoRange: video.videoRange,
    colour: colour ?? null,
  };
}

function audioStatus({ codec, codecString, sampleRate, channels, bitrate }: AudioReport): object {
  return { codec, codecs: codecString, sampleRate, channels, bitrate: whole(bitrate) };
}

const round = (value: number): number => Number(value.toFixed(3));

const rounded = (value: number | undefined): number | null => (value === undefined ? null : round(value));

const whole = (value: number | undefined): number | null => (value === undefined ? null : Math.round(value));
