import { hasControls, readVisible } from './visible.ts';

/** Where a value begins or ends that is more than a line. A key's own lines say nothing of what they are. */
const marks = /-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY|-----END |"type"\s*:\s*"service_account"|\}/g;

/** Lines that belong together: those of a private key (RFC 7468, PGP), and of a service account's key file. */
export type Opening = {
  /** Takes a line; whether what it holds goes on in the next. */
  goesOn(line: Buffer): boolean;
  isOpen(): boolean;
  close(): void;
};

/** Whether any of these lines may begin one. */
export const mayOpen = (lines: Buffer): boolean => lines.includes('service_account') || lines.includes('-----BEGIN ');

export function createOpening(): Opening {
  let key = false;
  let account = false;

  function goesOn(line: Buffer): boolean {
    if (!key && !account && !mayOpen(line) && !line.includes(0x1b)) return false;
    const text = line.toString();
    for (const [mark] of (hasControls(text) ? readVisible(text, undefined).tail.text : text).matchAll(marks)) {
      if (mark === '-----END ') key = false;
      else if (mark === '}') account = false;
      else if (mark.startsWith('-')) key = true;
      else account = true;
    }
    return key || account;
  }

  return {
    goesOn,
    isOpen: () => key || account,
    close() {
      key = false;
      account = false;
    },
  };
}
