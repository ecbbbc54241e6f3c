/** A statement of a caller that the server began to run, by the server's own log. */
export type Ran = { at: number; key: number; statement: string };

/** What the server does on its own behalf, or on the gateway's, begins otherwise; a comment names the operation. */
const statements = /^(?:\/\*.*?\*\/\s*)?(insert into public\.tickets|update public\.orders|select \$1::int as key)/i;
const said = /^(\S+ \S+) UTC \[(\d+)\] (LOG|DETAIL): {2}(.*)$/;

/** Reads PostgreSQL's log with `log_statement = all` and the prefix `%m [%p] `. The first parameter of each statement tells which it is. */
export function createServerLog() {
  const ran: Ran[] = [];
  const running = new Map<string, { at: number; statement: string }>();
  return {
    ran,
    take(line: string) {
      const [, time, session, kind, text] = said.exec(line) ?? [];
      if (time === undefined || session === undefined || text === undefined) return;
      if (kind === 'LOG') {
        running.delete(session);
        const statement = /^(?:execute (?:fetch from )?[^:]*|statement): (.*)$/.exec(text)?.[1] ?? '';
        if (statements.test(statement))
          running.set(session, { at: Date.parse(`${time.replace(' ', 'T')}Z`), statement });
        return;
      }
      const begun = running.get(session);
      const key = /^Parameters: \$1 = '(\d+)'/i.exec(text)?.[1];
      if (begun !== undefined && key !== undefined) ran.push({ ...begun, key: Number(key) });
      running.delete(session);
    },
  };
}
