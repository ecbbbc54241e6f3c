import type { IncomingMessage } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import { json, text } from 'node:stream/consumers';
import type { Kubernetes } from '../../../emulators/kubernetes/kubernetes.ts';

type Sent = { method?: string; body?: unknown; type?: string; headers?: Record<string, string>; token?: string };

/** As a client library would: JSON over TLS, with the emulator's own authority. */
export function clientOf(kubernetes: Kubernetes) {
  function open(path: string, sent: Sent = {}, more: RequestOptions = {}): Promise<IncomingMessage> {
    const { method = 'GET', body, type = 'application/json', headers = {}, token = kubernetes.token } = sent;
    const authorization: Record<string, string> = token === '' ? {} : { Authorization: `Bearer ${token}` };
    const sends: Record<string, string> = body === undefined ? {} : { 'Content-Type': type };
    return new Promise((resolve, reject) => {
      const asked = request(
        new URL(path, kubernetes.url),
        { ca: kubernetes.ca, method, headers: { ...authorization, ...sends, ...headers }, ...more },
        resolve,
      );
      asked.once('error', reject);
      asked.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
    });
  }

  return {
    open,
    async call(path: string, sent: Sent = {}, more: RequestOptions = {}) {
      const answer = await open(path, sent, more);
      const isJson = answer.headers['content-type']?.startsWith('application/json') === true;
      const body = (isJson ? await json(answer) : await text(answer)) as Answered;
      return { status: answer.statusCode ?? 0, headers: answer.headers, body };
    },
  };
}

/** Of an answer's JSON, what tests look at. */
type Answered = {
  kind: string;
  message: string;
  reason: string;
  details: { name?: string; kind?: string; causes?: { field: string }[] };
  metadata: { name: string; resourceVersion: string; continue?: string; remainingItemCount?: number; uid: string };
  items: { kind?: string; metadata: { name: string } }[];
  rows: { cells: unknown[]; object: { kind: string } }[];
  data: Record<string, string>;
  spec: Record<string, unknown>;
  status: Record<string, unknown>;
  [field: string]: unknown;
};
