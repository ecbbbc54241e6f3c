import { isUtf8 } from 'node:buffer';
import type { DuplexAnswer } from '../gateway.ts';
import { Problem, type ProblemCode, problems } from '../model/problem.ts';
import { channels, type ProgramEnding, readEnding } from '../model/program.ts';

/** Bytes of output that one document may hold. */
const MOST_DOCUMENT = 32 * 1024 * 1024;

const names: Readonly<Record<number, 'stdout' | 'stderr'>> = {
  [channels.stdout]: 'stdout',
  [channels.stderr]: 'stderr',
};

type Piece = { stdout?: string; stderr?: string; stdout_base64?: string; stderr_base64?: string };

/** How it ended: neither where it was ended for what it printed. */
type Ended = { exit_status?: number; signal?: string };

/** What a program printed, in one document. Throws the problem that ended it, and `too-large` where lines should be asked for. */
export async function programDocument(answer: DuplexAnswer): Promise<Piece & Ended> {
  const said = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  let size = 0;
  let ended: Ended = {};
  for await (const message of answer.messages) {
    const { name, payload } = read(message);
    if (name === undefined) {
      ended = endedBy(message);
      continue;
    }
    size += payload.byteLength;
    if (size > MOST_DOCUMENT) {
      await answer.cancel();
      throw new Problem('too-large', {
        detail: 'The program printed more than one document may hold, and was ended. Accept application/x-ndjson.',
      });
    }
    said[name].push(payload);
  }
  return {
    ...pieceOf('stdout', Buffer.concat(said.stdout)),
    ...pieceOf('stderr', Buffer.concat(said.stderr)),
    ...ended,
  };
}

/** The same as it comes: a piece each, at last how it ended. */
export async function* programPieces(answer: DuplexAnswer): AsyncGenerator<Piece, Ended> {
  const cut = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  let ended: Ended = {};
  for await (const message of answer.messages) {
    const { name, payload } = read(message);
    if (name === undefined) {
      for (const one of ['stdout', 'stderr'] as const) if (cut[one].byteLength > 0) yield pieceOf(one, cut[one]);
      ended = endedBy(message);
      continue;
    }
    const bytes = Buffer.concat([cut[name], payload]);
    const end = wholeCharacters(bytes);
    cut[name] = bytes.subarray(end);
    if (end > 0) yield pieceOf(name, bytes.subarray(0, end));
  }
  return ended;
}

function read(message: Uint8Array) {
  return { name: names[message[0] ?? -1], payload: message.subarray(1) };
}

function endedBy(message: Uint8Array): Ended {
  const ending: ProgramEnding = readEnding(message.subarray(1));
  if (!('problem' in ending)) return ending;
  const { code, detail } = ending.problem;
  // Its output was cut at the limit: that is told with the output.
  if (code === 'too-large') return {};
  throw new Problem(isCode(code) ? code : 'internal', detail === undefined ? {} : { detail });
}

const isCode = (code: string): code is ProblemCode => Object.hasOwn(problems, code);

/** As text where it is UTF-8, else in base64. */
function pieceOf(name: 'stdout' | 'stderr', bytes: Buffer): Piece {
  return isUtf8(bytes) ? { [name]: bytes.toString() } : { [`${name}_base64`]: bytes.toString('base64') };
}

/** Where a character may be cut at the end, it waits for its rest. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc0) return lengthOf(byte) > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** Of a character, by its first byte (RFC 3629). */
const lengthOf = (byte: number) => (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2);
