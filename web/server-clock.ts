/**
 * The server's clock as seen from here. Each reading is taken at the middle of its request, so it is wrong by
 * at most half the round trip; the reading with the shortest round trip of the recent ones is believed.
 */
const MAX_READINGS = 8;

interface Reading {
  readonly offset: number;
  readonly roundTrip: number;
}

export class ServerClock {
  #readings: Reading[] = [];

  /** All in ms: local time when the request was sent and its answer received, and the server's time in it. */
  add(sent: number, received: number, server: number): void {
    const roundTrip = received - sent;
    if (!Number.isFinite(server) || roundTrip < 0) return;
    this.#readings.push({ offset: server - (sent + received) / 2, roundTrip });
    if (this.#readings.length > MAX_READINGS) this.#readings.shift();
  }

  /** How far the server's clock is ahead of the local one, in ms; 0 before the first reading. */
  get offset(): number {
    let best: Reading | undefined;
    for (const reading of this.#readings) {
      if (best === undefined || reading.roundTrip <= best.roundTrip) best = reading;
    }
    return best?.offset ?? 0;
  }
}
