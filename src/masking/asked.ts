/** A prompt that asks for a secret: the last line of what a program says, without an end. */
const prompt =
  /(?:pass(?:word|wd|phrase|code)|\bpin\b|\botp\b|verification code|token|secret|api[- ]?key)[^\n]{0,200}[:?>]\s*$/i;
/** Commands that take one from their input, without asking. */
const taker =
  /\b(?:chpasswd|passwd|password-stdin|with-token|sshpass|cryptsetup|gpg)\b|\bsudo\s+(?:-\S+\s+)*-\w*S|-pass(?:in|out)?\s+stdin/;

/** Bytes of the end of an output that are looked at. */
const MOST_PROMPT = 300;
const newline = 0x0a;
/** What a prompt ends with. */
const marks = new Set(Array.from(':?> ', (mark) => mark.charCodeAt(0)));

export type Asked = {
  /** What the program said on any channel. */
  said(bytes: Uint8Array): void;
  /** What of an input may be kept: of the line that answers such a prompt, its length alone. */
  answer(bytes: Uint8Array): Uint8Array;
  /** What there is to tell of a line that has not ended. */
  rest(): Uint8Array;
};

/**
 * Knows which lines of an input are secrets, where there is no terminal that would not show them: one that a program asked for, and the first
 * of a program that takes one unasked.
 */
export function createAsked(command: string | undefined): Asked {
  let end: Buffer = Buffer.alloc(0);
  let isAwaited = command !== undefined && taker.test(command.replaceAll("'", ''));
  let hidden = 0;

  return {
    said(bytes) {
      if (bytes.byteLength === 0) return;
      end = Buffer.concat([end, bytes.subarray(-MOST_PROMPT)]).subarray(-MOST_PROMPT);
      if (marks.has(bytes[bytes.byteLength - 1] ?? 0)) isAwaited ||= prompt.test(end.toString());
    },
    answer(bytes) {
      if (!isAwaited) return bytes;
      const at = bytes.indexOf(newline);
      hidden += at === -1 ? bytes.byteLength : at;
      if (at === -1) return new Uint8Array();
      const told = tell();
      [isAwaited, end] = [false, Buffer.alloc(0)];
      return Buffer.concat([told, bytes.subarray(at)]);
    },
    rest: tell,
  };

  function tell(): Buffer {
    const told = Buffer.from(hidden === 0 ? '' : `[${hidden} bytes]`);
    hidden = 0;
    return told;
  }
}
