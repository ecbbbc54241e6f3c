import { each, type Found, fault, type Group, NotKnown, unknown, warning } from './check.ts';
import { type Facts, roles } from './facts.ts';
import { beats } from './firestore.ts';

/** Milliseconds. Tokens allow little, and checkpoints less. */
const limits = { warn: 5000, fault: 30_000 };

/** A `Date` header is in whole seconds, and is written somewhere between asking and hearing. */
function offset({ sent, date, received }: { sent: number; date: number; received: number }): number {
  if (date + 1000 < sent) return date + 1000 - sent;
  return date > received ? date - received : 0;
}

/** The middle one: one odd server does not count. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function judged(what: string, milliseconds: number, mend: string): Found[] {
  const by = Math.abs(milliseconds);
  if (by <= limits.warn) return [];
  const words = `${what} is ${Math.round(by / 1000)} s ${milliseconds > 0 ? 'fast' : 'slow'}.`;
  return [(by > limits.fault ? fault : warning)(words, mend)];
}

/** How far Google's clock is ahead of this machine's. */
async function googles(facts: Facts): Promise<number | undefined> {
  // Something must have been asked; what it was does not matter.
  await facts.config();
  const dates = facts.google.dates();
  return dates.length === 0 ? undefined : median(dates.map(offset));
}

async function machine(facts: Facts): Promise<Found[]> {
  const ahead = await googles(facts);
  if (ahead === undefined) return [unknown('Google told no time.', 'Run it again in a moment.')];
  return judged(
    'The clock of this machine',
    -ahead,
    'Set it: timedatectl set-ntp true. Ages in this report are wrong by as much.',
  );
}

async function keeper(facts: Facts): Promise<Found[]> {
  const known = (await beats(facts)).filter(({ at, written }) => !Number.isNaN(at) && !Number.isNaN(written));
  if (known.length === 0)
    throw new NotKnown('The keeper has not beaten yet, so its clock is not known.', 'See firestore.beat.');
  return judged(
    'The clock of the keeper',
    median(known.map(({ at, written }) => at - written)),
    'Cloud Run keeps its clocks; if it stays so, roll the revision out again.',
  );
}

async function services(facts: Facts): Promise<Found[]> {
  const ahead = (await googles(facts)) ?? 0;
  return each(
    roles.filter((role) => role !== 'keeper'),
    facts.project,
    async (role) => {
      const address = facts.local ? facts.local[role] : (await facts.part(role))?.service.uri;
      if (!address) return [];
      const sent = Date.now();
      const answer = await facts.visit(`${address}/openapi.json`).catch(() => undefined);
      // Whether it can be reached is looked at elsewhere.
      if (answer?.date === undefined) return [];
      const skew = offset({ sent, date: answer.date.getTime(), received: Date.now() }) - ahead;
      return judged(
        `The clock of the ${role}`,
        skew,
        'Cloud Run keeps its clocks; if it stays so, roll the revision out again.',
      );
    },
  );
}

export const clockChecks: Group = {
  name: 'clock',
  title: 'Clocks',
  checks: [
    {
      id: 'clock.machine',
      promise: 'This machine’s clock agrees with Google’s.',
      rights: ['run.services.get'],
      run: machine,
    },
    {
      id: 'clock.services',
      promise: 'The clocks of the services that can be reached from here agree with Google’s.',
      rights: ['run.services.get'],
      local: true,
      run: services,
    },
    {
      id: 'clock.keeper',
      promise: 'The keeper’s clock agrees with the database’s.',
      rights: ['datastore.entities.get'],
      local: true,
      run: keeper,
    },
  ],
};
