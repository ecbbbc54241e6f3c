import type { Terminal } from './request.ts';

/** What is asked of the host. Everything in it was judged; nothing of the caller's request is beside it. */
export type Plan = Common & (CommandPlan | ShellPlan | ForwardPlan);

type Common = {
  /** Input comes by messages, until one side ends it. */
  attached: boolean;
  /** In the order in which they are set; only names that the connection allows. */
  environment: readonly (readonly [name: string, value: string])[];
  /** Classes that stay in the clear for this identity. */
  unmask: readonly string[];
};

type CommandPlan = {
  kind: 'command';
  /** The exact text that the remote shell is given. */
  text: string;
  /** The same as it may be recorded. */
  recorded: string;
  terminal?: Terminal;
  /** All of its input, where it is not attached. */
  stdin?: Uint8Array;
  /** Its input has ended before it begins, also where it is attached: what the caller says is dropped. */
  deaf?: true;
};

type ShellPlan = { kind: 'shell'; terminal: Terminal };

type ForwardPlan = { kind: 'forward'; forward: { host: string; port: number } };
