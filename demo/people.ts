import type { Stand } from './stand.ts';
import type { Terminal } from './terminal.ts';

export type Answer = { status: number; headers: Headers; body: Body };

/** Of an answer's JSON, the parts that the story looks at. */
type Body = {
  state?: string;
  code?: string;
  detail?: string;
  operation?: string;
  approval?: { id: string };
  result?: { columns: { name: string; masked?: string }[]; rows: unknown[][]; row_count: number; affected?: number };
  connections?: { name: string; verbs: string[] }[];
  digest?: string;
  [field: string]: unknown;
};

/** What people and bots of the story do: plain HTTP, as anybody would with curl. */
export type People = {
  /** Runs SQL on the connection `crm`, as the bot unless another token is given. */
  sql(
    statement: string,
    parameters?: unknown[],
    options?: { token?: string; headers?: Record<string, string> },
  ): Promise<Answer>;
  get(url: string, token: string): Promise<Answer>;
  post(url: string, token: string, body: unknown): Promise<Answer>;
  remove(url: string, token: string): Promise<Answer>;
  /** As a merge patch. */
  patch(url: string, token: string, body: unknown): Promise<Answer>;
};

export function createPeople(stand: Stand, terminal: Terminal): People {
  async function send(
    method: string,
    url: string,
    token: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: {
        Authorization: `Bearer ${token}`,
        baggage: 'gen_ai.agent.name=crm-bot,gen_ai.request.model=gemini-3-pro',
        'Sallyport-Session': 'demo',
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    terminal.answer(`${response.status} ${text}`);
    return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
  }

  return {
    sql(statement, parameters = [], { token = stand.tokens.bot, headers = {} } = {}) {
      terminal.request(`${statement}${parameters.length > 0 ? `  -- ${JSON.stringify(parameters)}` : ''}`);
      return send(
        'POST',
        `${stand.gateway}/v1/connections/crm/operations`,
        token,
        { statement, parameters, reason: 'the demo' },
        headers,
      );
    },
    get(url, token) {
      terminal.request(`GET ${url}`);
      return send('GET', url, token);
    },
    post(url, token, body) {
      terminal.request(`POST ${url} ${JSON.stringify(body)}`);
      return send('POST', url, token, body);
    },
    remove(url, token) {
      terminal.request(`DELETE ${url}`);
      return send('DELETE', url, token);
    },
    patch(url, token, body) {
      terminal.request(`PATCH ${url} ${JSON.stringify(body)}`);
      return send('PATCH', url, token, body, { 'Content-Type': 'application/merge-patch+json' });
    },
  };
}
