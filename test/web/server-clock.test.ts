import { describe, expect, it } from 'vitest';
import { ServerClock } from '../../web/server-clock.js';

describe('the server clock', () => {
  it('has no offset before the first reading', () => {
    expect(new ServerClock().offset).toBe(0);
  });

  it('takes a reading at the middle of its request', () => {
    const clock = new ServerClock();
    clock.add(1000, 1100, 6050);
    expect(clock.offset).toBe(5000);
  });

  it('believes the reading with the shortest round trip', () => {
    const clock = new ServerClock();
    clock.add(1000, 1400, 6390);
    clock.add(2000, 2020, 7010);
    clock.add(3000, 3300, 8290);
    expect(clock.offset).toBe(5000);
  });

  it('forgets readings that are many readings old', () => {
    const clock = new ServerClock();
    clock.add(0, 2, 1001);
    for (let i = 1; i <= 8; i += 1) clock.add(i * 1000, i * 1000 + 10, i * 1000 + 5 + 2000);
    expect(clock.offset).toBe(2000);
  });

  it('leaves out a reading that is not a number or ends before it began', () => {
    const clock = new ServerClock();
    clock.add(1000, 1010, Number.NaN);
    clock.add(1000, 900, 6000);
    expect(clock.offset).toBe(0);
  });
});
