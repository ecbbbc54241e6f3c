import { Unread, type WhyUnread } from '../platform/google-rest.ts';
import type { Facts } from './facts.ts';

/** Something that is not as it should be, or could not be looked at, and what to do about it: a command, an input of Terraform. */
export type Found = { status: 'warning' | 'fault' | 'unknown'; what: string; mend: string };

export const fault = (what: string, mend: string): Found => ({ status: 'fault', what, mend });
export const warning = (what: string, mend: string): Found => ({ status: 'warning', what, mend });
export const unknown = (what: string, mend: string): Found => ({ status: 'unknown', what, mend });

/** A check is data. It holds where `run` finds nothing; what could not be looked at is found as `unknown`, never passed over. */
export type Check = {
  /** `<group>.<name>`. */
  id: string;
  /** What holds where it finds nothing. */
  promise: string;
  /** IAM permissions that looking takes. */
  rights: readonly string[];
  /** It can be tried on the local stand as well. */
  local?: true;
  /** `rights`: of all checks. */
  run(facts: Facts, rights: readonly string[]): Promise<readonly Found[]>;
};

export type Group = { name: string; title: string; checks: readonly Check[] };

/** Something that other checks are about already is missing, so that this one cannot be made. */
export class NotKnown extends Error {
  override name = 'NotKnown';
  readonly mend: string;

  constructor(what: string, mend: string) {
    super(what);
    this.mend = mend;
  }
}

/** A word of a command, as a shell reads it: names come from policies, and whoever copies a command must run that one alone. */
export const word = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** What is found of each; what cannot be read of one does not keep the others from being looked at. */
export async function each<T>(
  items: Iterable<T>,
  project: string,
  look: (item: T) => Promise<readonly Found[]>,
): Promise<Found[]> {
  const found = await Promise.all(
    [...items].map((item) => look(item).catch((error: unknown) => [unknownOf(error, project)])),
  );
  return unique(found.flat());
}

/** The same thing is said once. */
const unique = (found: readonly Found[]) => [...new Map(found.map((one) => [`${one.what} ${one.mend}`, one])).values()];

const words: Record<WhyUnread, string> = {
  'unknown caller': 'could not be read, as Google does not know who you are',
  forbidden: 'may not be read by you',
  off: 'cannot be read, as its API is not enabled',
  absent: 'is not there',
  late: 'could not be read in time',
  unreachable: 'could not be read: Google could not be reached from here',
  refused: 'could not be read: Google refused the question',
  garbled: 'could not be read: the answer is not what Google documents',
};

/** What could not be looked at, in words that repeat nothing of an answer. */
export function unknownOf(error: unknown, project: string): Found {
  if (error instanceof NotKnown) return unknown(error.message, error.mend);
  if (!(error instanceof Unread)) {
    const name = error instanceof Error ? error.name : 'something that is no error';
    return unknown(
      `It could not be looked at (${name}).`,
      'Run it again; if it stays so, report it as a fault of ours.',
    );
  }
  const { why, ask } = error;
  const what = `${ask.of} ${words[why]}${why === 'forbidden' ? `: it takes ${ask.permission}` : ''}.`;
  return unknown(what, mendOf(why, ask, project));
}

function mendOf(why: WhyUnread, { api, permission }: Unread['ask'], project: string): string {
  switch (why) {
    case 'forbidden':
      return `Have ${permission} granted to you; docs/doctor.md has a role that holds all that is needed: gcloud projects add-iam-policy-binding ${project} --member=user:YOU --role=projects/${project}/roles/sallyport_doctor`;
    case 'off':
      return `gcloud services enable ${api}.googleapis.com --project=${project}`;
    case 'unknown caller':
      return `gcloud auth application-default login && gcloud auth application-default set-quota-project ${project}`;
    default:
      return 'Run it again in a moment.';
  }
}
