import { z } from 'zod';
import { type Risk, risks, type Verb, verbs } from '../../model/documents.ts';
import {
  escapesOf,
  fill,
  matchTemplate,
  nameOf,
  namesIn,
  readTemplate,
  type Template,
  wordsOf,
} from '../../shell/shell.ts';

/** A command that policy can grant: `journalctl -u {unit} --since {time}`. */
const commandSchema = z.strictObject({
  template: z.string().min(1).max(4096),
  verb: z.enum(verbs).exclude(['define', 'connect', 'grant']),
  /** What it touches, in the words of its parameters: `unit/{unit}`. */
  resources: z
    .array(z.string().regex(/^[\x21-\x7e]{1,300}$/, 'printable and without spaces'))
    .min(1)
    .max(20)
    .optional(),
  /** What each parameter may be: a regular expression that must match all of it. */
  parameters: z.record(z.string().regex(/^[a-z][a-z0-9_]{0,39}$/), z.string().min(1).max(1000)).default({}),
  risks: z.array(z.enum(risks)).default([]),
  /** It may be sent input, which is then part of what is approved. Else its input is empty. */
  input: z.boolean().default(false),
});
/** With the name of its program where it names no resource. */
export type Declared = Omit<z.output<typeof commandSchema>, 'resources'> & { resources: readonly string[] };

/** What a command that was declared means. */
export type Meaning = {
  verb: Verb;
  risks: readonly Risk[];
  resources: readonly string[];
  words: readonly string[];
  /** The words, as every login shell reads them. */
  text: string;
  /** What else an approver should read of it. */
  explained?: string;
  takesInput: boolean;
};

export type Commands = {
  declared: readonly Declared[];
  /** Undefined where it is none of them. */
  meaningOf(command: readonly string[] | string): Meaning | undefined;
};

type Given = z.output<typeof commandSchema>;
type Ready = { declared: Declared; parsed: Template };

/** From harmless to dangerous. */
const order: readonly Verb[] = ['read', 'connect', 'write', 'delete', 'execute', 'define', 'grant', 'administer'];

const listSchema = z
  .array(commandSchema)
  .max(500)
  .transform((declared, context): Commands => {
    const ready: Ready[] = [];
    for (const [index, one] of declared.entries()) {
      try {
        ready.push(prepared(one));
      } catch (thrown) {
        context.addIssue({
          code: 'custom',
          path: [index],
          message: thrown instanceof Error ? thrown.message : 'no command',
        });
      }
    }
    return { declared: ready.map((one) => one.declared), meaningOf: (command) => meaning(command, ready) };
  });

function prepared(given: Given): Ready {
  const parsed = readTemplate(given.template, given.parameters);
  for (const resource of given.resources ?? []) {
    const unknown = namesIn(resource).find((name) => !parsed.patterns.has(name));
    if (unknown !== undefined) throw new Error(`the template has no parameter {${unknown}}, which a resource names`);
    if (/[{}]/.test(fill(resource, new Map(namesIn(resource).map((name) => [name, ''])))))
      throw new Error('a resource has braces that are no parameter’s');
  }
  refuseEscape(given, parsed);
  const [program] = parsed.words;
  const named = program !== undefined && 'text' in program ? nameOf(program.text) : '*';
  return { declared: { ...given, resources: given.resources ?? [`command/${named}`] }, parsed };
}

/** What can be made to do more than it says must be declared as what it can be made to do, which policy then guards. */
function refuseEscape({ verb }: Given, parsed: Template) {
  const found = escapesOf(parsed).find(({ least }) => order.indexOf(verb) < order.indexOf(least));
  if (found !== undefined) throw new Error(`${found.reason}; declare it as ${found.least}, or leave no room for that`);
}

/** Where several mean it, it is as dangerous as the worst of them, and touches what any of them does. */
function meaning(command: readonly string[] | string, ready: readonly Ready[]): Meaning | undefined {
  const words = wordsOf(command);
  if (words === undefined) return undefined;
  const found = ready.flatMap((one) => {
    const match = matchTemplate(one.parsed, words);
    return match === undefined ? [] : [{ one, match }];
  });
  const [first] = found;
  if (first === undefined) return undefined;
  const verb = found
    .map(({ one }) => one.declared.verb)
    .reduce((worst, next) => (order.indexOf(next) > order.indexOf(worst) ? next : worst));
  return {
    verb,
    risks: [...new Set(found.flatMap(({ one }) => one.declared.risks))],
    resources: [
      ...new Set(
        found.flatMap(({ one, match }) => one.declared.resources.map((resource) => fill(resource, match.values))),
      ),
    ],
    words,
    text: first.match.text,
    takesInput: found.every(({ one }) => one.declared.input),
  };
}

/** What a document's list came to is kept for as long as the document is, as it is looked at with each call. */
const known = new WeakMap<object, Commands>();

/** The commands of a connection, ready to be matched. An error says which of them is none, and why. */
export const commandsSchema = z
  .unknown()
  .optional()
  .transform((given, context): Commands => {
    const kept = typeof given === 'object' && given !== null ? known.get(given) : undefined;
    if (kept !== undefined) return kept;
    const read = listSchema.safeParse(given ?? []);
    if (!read.success) {
      for (const { path, message, code } of read.error.issues) {
        const words = code === 'unrecognized_keys' ? 'holds a field that is not known here' : message;
        context.issues.push({ code: 'custom', path: [...path], message: words, input: given });
      }
      return z.NEVER;
    }
    if (typeof given === 'object' && given !== null) known.set(given, read.data);
    return read.data;
  });
