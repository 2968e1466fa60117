import type { AccessUnit } from '../../src/media/access-unit.js';
import type { TranscoderFactory } from '../../src/origin/epoch.js';
import type { TranscoderListener } from '../../src/transcode/transcoder.js';
import { videoTrack } from './synthetic-stream.js';

/** Stands in for the native transcoder where the order of events is what is tested: it gives back what it is told to. */
export class FakeTranscoder {
  readonly pushed: AccessUnit[] = [];
  finished = false;
  closed = false;
  #given = 0;

  constructor(
    readonly rungs: number,
    readonly listener: TranscoderListener,
  ) {}

  /** Hands every rung all units pushed so far, but the newest `behind`. */
  give(behind = 0): void {
    const units = this.pushed.slice(this.#given, this.pushed.length - behind);
    if (units.length === 0) return;
    for (let rung = 0; rung < this.rungs; rung++) {
      if (this.#given === 0)
        this.listener.onTrack(rung, videoTrack(30, { displayWidth: 160, displayHeight: 90 }));
      this.listener.onUnits(rung, units);
    }
    this.#given += units.length;
  }

  end(): void {
    this.give();
    this.listener.onEnd();
  }
}

/** A factory and all that it made. */
export function fakeTranscoders(): { create: TranscoderFactory; made: FakeTranscoder[] } {
  const made: FakeTranscoder[] = [];
  return {
    made,
    create: (_source, rungs, listener) => {
      const fake = new FakeTranscoder(rungs.length, listener);
      made.push(fake);
      return {
        push: (unit) => {
          fake.pushed.push(unit);
          return true;
        },
        finish: () => {
          fake.finished = true;
        },
        close: () => {
          fake.closed = true;
        },
        stats: () => ({ unitsIn: 0, unitsDropped: 0, decodeErrors: 0, rungs: [] }),
      };
    },
  };
}
