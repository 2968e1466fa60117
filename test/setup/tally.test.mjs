import { describe, expect, it } from 'vitest';
import { countJunit } from '../../scripts/checks/native-tests.mjs';
import { Tally } from '../../scripts/checks/tally.mjs';
import { countVitest } from '../../scripts/checks/vitest.mjs';

const REPORT = { numPassedTests: 5, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };

describe('the last line', () => {
  it('adds up every step', () => {
    const tally = new Tally();
    tally.add('Lint', { passed: 1, failed: 0 });
    tally.add('Tests', { passed: 40, failed: 0 });
    expect(String(tally)).toBe('41 passed, 0 failed');
    expect(tally.exitCode).toBe(0);
  });

  it('comes after the names of the failed steps', () => {
    const tally = new Tally();
    tally.add('Lint', { passed: 0, failed: 1 });
    tally.add('Tests', { passed: 40, failed: 2, skipped: 3 });
    expect(String(tally)).toBe('Failed: Lint; Tests\nSkipped: 3\n40 passed, 3 failed');
    expect(tally.exitCode).toBe(1);
  });

  it('is a failure when nothing ran', () => {
    expect(new Tally().exitCode).toBe(1);
  });
});

describe("counting vitest's tests", () => {
  it('takes the numbers of the report', () => {
    expect(countVitest(0, { ...REPORT, numPendingTests: 2 })).toEqual({ passed: 5, failed: 0, skipped: 2 });
    expect(countVitest(1, { ...REPORT, numFailedTests: 3 })).toEqual({ passed: 5, failed: 3, skipped: 0 });
  });

  it('counts a file that could not be loaded', () => {
    const testResults = [{ status: 'failed', assertionResults: [] }];
    expect(countVitest(1, { ...REPORT, testResults }).failed).toBe(1);
  });

  it('counts a run that failed with every test passed, or left no report', () => {
    expect(countVitest(1, REPORT).failed).toBe(1);
    expect(countVitest(0, undefined)).toEqual({ passed: 0, failed: 1 });
  });
});

describe("counting ctest's tests", () => {
  it('reads the JUnit report', () => {
    const xml =
      '<?xml version="1.0"?>\n<testsuite name="build"\n\ttests="9"\n\tfailures="2"\n\tdisabled="0"\n\tskipped="1"\n>';
    expect(countJunit(xml)).toEqual({ passed: 6, failed: 2, skipped: 1 });
  });

  it('counts nothing in an empty report', () => {
    expect(countJunit('')).toEqual({ passed: 0, failed: 0, skipped: 0 });
  });
});
