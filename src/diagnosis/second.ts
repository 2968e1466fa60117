/** What one second of the stream brought. Made once for each place in the window, then only refilled. */
export class Second {
  videoUnits = 0;
  videoBytes = 0;
  /** Seconds between the decode times of this second's frames and those before them. */
  videoSpan = 0;
  /** Frames that the grid has a place for and that did not come. */
  missing = 0;
  /** Frames off the grid. */
  strays = 0;
  /** The most frames in a row that are shown before a frame that was sent before them. */
  longestBRun = 0;
  audioUnits = 0;
  audioBytes = 0;
  /** Seconds of sound that are missing. */
  soundHoles = 0;
  /** Arrival minus media time, in seconds: what matters is how they differ. */
  leastDelay = Infinity;
  mostDelay = -Infinity;
  /** Where the picture was minus where the sound was when the second was over. */
  skew = 0;
  jumps = 0;
  formatChanges = 0;
  ignored = 0;
  unsupported = 0;

  clear(): void {
    this.videoUnits = this.videoBytes = this.videoSpan = this.missing = this.strays = 0;
    this.longestBRun = this.audioUnits = this.audioBytes = this.soundHoles = 0;
    this.forgetArrivals();
    this.skew = this.jumps = this.formatChanges = this.ignored = this.unsupported = 0;
  }

  /** Counts what another second brought as well; delays and skew are each second's own. */
  add(other: Second): void {
    this.videoUnits += other.videoUnits;
    this.videoBytes += other.videoBytes;
    this.videoSpan += other.videoSpan;
    this.missing += other.missing;
    this.strays += other.strays;
    this.longestBRun = Math.max(this.longestBRun, other.longestBRun);
    this.audioUnits += other.audioUnits;
    this.audioBytes += other.audioBytes;
    this.soundHoles += other.soundHoles;
    this.jumps += other.jumps;
    this.formatChanges += other.formatChanges;
    this.ignored += other.ignored;
    this.unsupported += other.unsupported;
  }

  /** The media clock began anew: delays before and after cannot be compared. */
  forgetArrivals(): void {
    this.leastDelay = Infinity;
    this.mostDelay = -Infinity;
  }
}
