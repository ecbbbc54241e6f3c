import { z } from 'zod';

/** Characters of a command and of its input, and how many words a command may have. */
const MOST_COMMAND = 64 * 1024;
const MOST_INPUT = 7 * 1024 * 1024;
const MOST_WORDS = 4096;

/** No program can be handed a NUL in a word: the rest of it would be lost on the way. */
const word = z
  .string()
  .max(MOST_COMMAND)
  .regex(/^[^\0]*$/, 'holds a NUL, which no command can');
const script = word.regex(/\S/, 'is empty');

const side = z.int().min(1).max(1000);

const terminalSchema = z.strictObject({
  term: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9+._-]{0,63}$/, 'the name of a terminal, such as xterm-256color')
    .default('xterm-256color'),
  columns: side.default(80),
  rows: side.default(24),
});
export type Terminal = z.output<typeof terminalSchema>;

/** Which names may be set is for the connection to say. */
const environment = z
  .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'a name of an environment variable'), word.max(4096))
  .default({});

/** Of a forwarded port, as the host on the other side will resolve it. */
const destination = z.strictObject({
  host: z.string().regex(/^[A-Za-z0-9:][A-Za-z0-9.:-]{0,252}$/, 'a host name or an address'),
  port: z.int().min(1).max(65_535),
});

const commandSchema = z
  .strictObject({
    /** A script for the remote shell, or the words of one program. */
    command: z.union([
      script,
      z
        .array(word)
        .min(1)
        .max(MOST_WORDS)
        .refine(([program = '']) => program !== '', { error: 'names no program' }),
    ]),
    /** Input that ends there; as text, or as bytes in base64. */
    stdin: z.string().max(MOST_INPUT).optional(),
    stdin_base64: z.base64().max(MOST_INPUT).optional(),
    terminal: terminalSchema.optional(),
    environment,
    /** Input comes by messages instead. */
    attached: z.literal(true).optional(),
  })
  .refine((asked) => [asked.stdin, asked.stdin_base64, asked.attached].filter((way) => way !== undefined).length <= 1, {
    error: 'input comes in one way: stdin, stdin_base64 or attached',
  });

const shellSchema = z.strictObject({
  shell: z.literal(true),
  terminal: terminalSchema,
  environment,
  attached: z.literal(true),
});

const forwardSchema = z.strictObject({ forward: destination, attached: z.literal(true) });

/** What may be asked of a host: one command, an interactive shell, or a connection from there to another place. */
export const requestSchema = z.union([commandSchema, shellSchema, forwardSchema]);
export type SshRequest = z.output<typeof requestSchema>;
