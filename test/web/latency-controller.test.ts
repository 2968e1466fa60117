import { describe, expect, it } from 'vitest';
import { LatencyController, MAX_RATE, MIN_RATE } from '../../web/latency-controller.js';

const PART = 0.2;
const HOLD_BACK = 0.6;
const TICK = 0.1;

interface Conditions {
  /** Seconds from a part's end to its being in the buffer. */
  readonly delivery?: (part: number) => number;
  /** Seconds behind the live edge at the start. */
  readonly behind: number;
  readonly partTarget?: number;
  readonly holdBack?: number;
}

interface Reading {
  readonly time: number;
  readonly latency: number;
  readonly rate: number;
  readonly buffer: number;
}

/**
 * A player on a live stream: parts come into the buffer one at a time, the playhead moves at the rate it is told
 * and stands still where there is nothing to play.
 */
class SimulatedPlayer {
  readonly controller = new LatencyController();
  readonly readings: Reading[] = [];
  stalls = 0;
  jumps = 0;
  /** While true, no part arrives; those that are due come when it is over. */
  cutOff = false;
  #now = 100;
  #position: number;
  #rate = 1;
  #arrived = 500;
  #stalled = false;
  readonly #part: number;
  readonly #holdBack: number;
  readonly #delivery: (part: number) => number;

  constructor({ delivery = () => 0.05, behind, partTarget = PART, holdBack = HOLD_BACK }: Conditions) {
    this.#part = partTarget;
    this.#holdBack = holdBack;
    this.#delivery = delivery;
    this.#arrived = Math.floor(this.#now / partTarget);
    this.#position = this.#now - behind;
    this.controller.start(this.#now);
  }

  run(seconds: number): this {
    const end = this.#now + seconds;
    while (this.#now < end) this.#step();
    return this;
  }

  last(seconds: number): Reading[] {
    return this.readings.filter(({ time }) => time > this.#now - seconds);
  }

  #step(): void {
    this.#now += TICK;
    const due = (): number => (this.#arrived + 1) * this.#part + this.#delivery(this.#arrived);
    while (!this.cutOff && due() <= this.#now) this.#arrived += 1;
    const bufferEnd = this.#arrived * this.#part;
    const wanted = this.#position + this.#rate * TICK;
    if (wanted > bufferEnd && !this.#stalled) {
      this.#stalled = true;
      this.stalls += 1;
      this.controller.stalled(this.#now);
    }
    if (wanted <= bufferEnd && this.#rate > 0) this.#stalled = false;
    this.#position = Math.min(wanted, bufferEnd);
    const latency = this.#now - this.#position;
    const forwardBuffer = bufferEnd - this.#position;
    const sample = {
      now: this.#now,
      latency,
      forwardBuffer,
      holdBack: this.#holdBack,
      partTarget: this.#part,
    };
    const { playbackRate, jumpToLive } = this.controller.update(sample);
    this.#rate = playbackRate;
    if (jumpToLive) {
      this.jumps += 1;
      this.#position = Math.max(this.#position, Math.min(this.#now - this.controller.target, bufferEnd));
    }
    this.readings.push({ time: this.#now, latency, rate: playbackRate, buffer: forwardBuffer });
  }
}

function spread(readings: readonly Reading[]): number {
  const latencies = readings.map(({ latency }) => latency);
  return Math.max(...latencies) - Math.min(...latencies);
}

function changesOfDirection(readings: readonly Reading[]): number {
  const signs = readings.map(({ rate }) => Math.sign(rate - 1)).filter((sign) => sign !== 0);
  return signs.filter((sign, i) => i > 0 && sign !== signs[i - 1]).length;
}

describe('the latency controller', () => {
  it.each([0.65, 0.8, 1, 1.5, 2.5])('brings a player that starts %d s behind to the hold-back', (behind) => {
    const player = new SimulatedPlayer({ behind }).run(60);
    for (const { latency } of player.last(20)) {
      expect(latency).toBeGreaterThan(HOLD_BACK - 0.12);
      expect(latency).toBeLessThan(HOLD_BACK + 0.12);
    }
    expect(player.stalls).toBe(0);
  });

  it('brings a player that starts too close back to the hold-back', () => {
    const player = new SimulatedPlayer({ behind: 0.4, delivery: () => 0.02 }).run(30);
    for (const { latency } of player.last(10)) expect(latency).toBeGreaterThan(HOLD_BACK - 0.12);
    expect(player.stalls).toBe(0);
  });

  it('settles without swinging about the target', () => {
    const player = new SimulatedPlayer({ behind: 2 }).run(120);
    expect(changesOfDirection(player.readings)).toBe(0);
    expect(spread(player.last(60))).toBeLessThan(0.05);
    for (const { rate } of player.last(60)) expect(rate).toBe(1);
  });

  it('does not swing where parts come at uneven times', () => {
    const uneven = (part: number): number => 0.05 + (0.08 * ((part * 7) % 5)) / 4;
    const player = new SimulatedPlayer({ behind: 1.5, delivery: uneven }).run(120);
    expect(changesOfDirection(player.readings)).toBeLessThanOrEqual(1);
    expect(player.stalls).toBe(0);
  });

  it('stays within its rates', () => {
    const player = new SimulatedPlayer({ behind: 2.9 }).run(60);
    for (const { rate } of player.readings) {
      expect(rate === 0 || (rate >= MIN_RATE && rate <= MAX_RATE)).toBe(true);
    }
  });

  it('never plays faster with less than a part and a half in hand', () => {
    const late = (): number => 0.35;
    const player = new SimulatedPlayer({ behind: 1.4, delivery: late }).run(90);
    for (const { rate, buffer } of player.readings) {
      if (rate > 1) expect(buffer).toBeGreaterThanOrEqual(1.5 * PART - 1e-9);
    }
    expect(player.stalls).toBe(0);
  });

  it('jumps, once, where the live edge is too far to be caught up with', () => {
    const player = new SimulatedPlayer({ behind: 12 }).run(30);
    expect(player.jumps).toBe(1);
    for (const { latency } of player.last(10)) expect(latency).toBeLessThan(HOLD_BACK + 0.2);
  });

  it('jumps within the buffer while a start settles, and never later for so little', () => {
    const start = new SimulatedPlayer({ behind: 1.2 }).run(20);
    expect(start.jumps).toBe(1);
    const player = new SimulatedPlayer({ behind: HOLD_BACK }).run(30);
    player.cutOff = true;
    player.run(0.3);
    player.cutOff = false;
    player.run(60);
    expect(player.jumps).toBe(0);
  });

  it('learns from a stall: keeps more distance after it, and less again after a calm while', () => {
    const player = new SimulatedPlayer({ behind: HOLD_BACK }).run(20);
    player.cutOff = true;
    player.run(1.5);
    player.cutOff = false;
    player.run(10);
    expect(player.stalls).toBe(1);
    const { target } = player.controller;
    expect(target).toBeGreaterThan(HOLD_BACK + 0.1);
    expect(target).toBeLessThan(HOLD_BACK + 0.3);
    for (const { latency } of player.last(3)) expect(Math.abs(latency - target)).toBeLessThan(0.25);
    player.run(60);
    expect(player.controller.target).toBeCloseTo(HOLD_BACK, 5);
    for (const { latency } of player.last(10)) expect(latency).toBeLessThan(HOLD_BACK + 0.12);
    expect(player.stalls).toBe(1);
  });

  it('holds the picture after a stall until there is enough to go on, so that one stall is not many', () => {
    const controller = new LatencyController();
    const at = (now: number, forwardBuffer: number): number =>
      controller.update({ now, latency: 1, forwardBuffer, holdBack: HOLD_BACK, partTarget: PART })
        .playbackRate;
    controller.start(0);
    at(0, 0.4);
    controller.stalled(1);
    expect(at(1, 0)).toBe(1);
    expect(at(9, 0)).toBe(1);
    expect(at(9.1, 0.2)).toBe(0);
    expect(at(9.3, 0.4)).toBe(0);
    expect(at(9.5, 0.6)).toBeGreaterThan(0);
  });

  it('does not hold the picture for ever where media comes too slowly', () => {
    const controller = new LatencyController();
    const at = (now: number, forwardBuffer: number): number =>
      controller.update({ now, latency: 2, forwardBuffer, holdBack: HOLD_BACK, partTarget: PART })
        .playbackRate;
    controller.start(0);
    controller.stalled(1);
    expect(at(1, 0)).toBe(1);
    expect(at(2, 0.1)).toBe(0);
    expect(at(3.1, 0.15)).toBeGreaterThan(0);
  });

  it('learns nothing from a stall that is excused', () => {
    const controller = new LatencyController();
    const sample = { latency: 0.6, forwardBuffer: 0.5, holdBack: HOLD_BACK, partTarget: PART };
    controller.start(0);
    controller.stalled(1);
    controller.excuseStall();
    controller.update({ now: 2, ...sample });
    expect(controller.target).toBe(HOLD_BACK);
  });

  it('raises its target only so far, however many stalls there are', () => {
    const controller = new LatencyController();
    for (let i = 0; i < 100; i += 1) controller.stalled(i);
    controller.update({ now: 100, latency: 3, forwardBuffer: 3, holdBack: HOLD_BACK, partTarget: PART });
    expect(controller.target).toBe(HOLD_BACK + 1.5);
  });

  it('paces a stream without parts as well', () => {
    const player = new SimulatedPlayer({ behind: 7.5, partTarget: 2, holdBack: 6 }).run(120);
    for (const { latency } of player.last(20)) expect(Math.abs(latency - 6)).toBeLessThan(0.15);
    expect(player.stalls).toBe(0);
  });
});
