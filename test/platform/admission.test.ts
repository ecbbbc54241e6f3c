import { describe, expect, test } from 'vitest';
import { createAdmission } from '../../src/platform/admission.ts';
import { anIdentity } from '../fakes/gateway.ts';

function anAdmission(limits: { perMinute?: number; atOnce?: number; openAtOnce?: number }) {
  let now = 0;
  const clock = { now: () => new Date(now) };
  const admission = createAdmission({ perMinute: 60, atOnce: 100, openAtOnce: 100, ...limits, clock });
  return { admission, pass: (milliseconds: number) => (now += milliseconds) };
}

const refused = expect.objectContaining({ code: 'rate-limited' });

describe('an identity', () => {
  test('has so many calls a minute, and is told when to come again', () => {
    const { admission, pass } = anAdmission({ perMinute: 60 });
    for (let call = 0; call < 60; call++) admission.enter(anIdentity)();

    expect(() => admission.enter(anIdentity)).toThrow(expect.objectContaining({ code: 'rate-limited', retryAfter: 1 }));

    pass(1000);
    admission.enter(anIdentity)();
    expect(() => admission.enter(anIdentity)).toThrow(refused);
  });

  test('has so many calls at once, and a call that ended makes room, once', () => {
    const { admission } = anAdmission({ atOnce: 2 });
    const leave = admission.enter(anIdentity);
    admission.enter(anIdentity);
    expect(() => admission.enter(anIdentity)).toThrow(refused);

    leave();
    leave();

    admission.enter(anIdentity);
    expect(() => admission.enter(anIdentity)).toThrow(refused);
  });

  test('has so many places for what stays open, beside those for calls', () => {
    const { admission } = anAdmission({ atOnce: 1, openAtOnce: 2 });
    const go = admission.stay(anIdentity);
    admission.stay(anIdentity);
    expect(() => admission.stay(anIdentity)).toThrow(refused);
    admission.enter(anIdentity);

    go();
    go();

    admission.stay(anIdentity);
    expect(() => admission.stay(anIdentity)).toThrow(refused);
  });

  test("does not use up another's calls, also where only the issuer differs", () => {
    const { admission } = anAdmission({ perMinute: 1 });
    admission.enter(anIdentity);

    admission.enter({ ...anIdentity, subject: '2' });
    admission.enter({ ...anIdentity, issuer: 'https://other.test' });

    expect(() => admission.enter(anIdentity)).toThrow(refused);
  });

  test('gains nothing from a clock that is set back', () => {
    const { admission, pass } = anAdmission({ perMinute: 1 });
    admission.enter(anIdentity);

    pass(-3_600_000);

    expect(() => admission.enter(anIdentity)).toThrow(refused);
  });
});
