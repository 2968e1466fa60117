/** Numbers as people read them. */

/** `1500000` -> `1.5 Mb/s`, `700000` -> `700 kb/s`. */
export function formatBitrate(bitsPerSecond: number): string {
  if (bitsPerSecond >= 999_500) {
    const megabits = bitsPerSecond / 1e6;
    return `${megabits.toFixed(megabits < 9.95 ? 1 : 0)} Mb/s`;
  }
  return `${Math.round(bitsPerSecond / 1000)} kb/s`;
}

/**
 * A picture's short name: the smaller side (so a phone's upright picture is named as people name it) and the frame
 * rate where it is above 30: `720p`, `720p60`.
 */
export function formatResolution(width: number, height: number, frameRate: number): string {
  const lines = width > 0 && width < height ? width : height;
  const rate = Math.round(frameRate);
  return `${lines}p${rate > 30 ? rate : ''}`;
}

const CHANNEL_LAYOUTS: Readonly<Record<number, string>> = { 1: 'Mono', 2: 'Stereo', 6: '5.1', 8: '7.1' };

/** `2` -> `Stereo`; empty where the number is not known. */
export function formatChannels(count: number): string {
  return CHANNEL_LAYOUTS[count] ?? (count > 0 ? `${count} channels` : '');
}

/** Seconds behind the camera: `0.6 s`, `12 s`, `2:05`. */
export function formatLatency(seconds: number): string {
  const behind = Math.max(0, seconds);
  if (behind < 9.95) return `${behind.toFixed(1)} s`;
  if (behind < 59.5) return `${Math.round(behind)} s`;
  return formatClock(behind);
}

/** `75` -> `1:15`, `3675` -> `1:01:15`. */
export function formatClock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(whole % 60)}`
    : `${Math.floor(whole / 60)}:${two(whole % 60)}`;
}

/** How long something has been going, in its two greatest units: `45 s`, `12 min`, `3 h 5 min`, `2 d 4 h`. */
export function formatUptime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}
