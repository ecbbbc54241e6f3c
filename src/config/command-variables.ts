import { z } from 'zod';
import type { Variable } from './variable.ts';

const text = z.string().optional();

/** What the command line reads beside its options. It is a program of its own and checks each value where it uses it. */
export const commandVariables = {
  SALLYPORT_GATEWAY: {
    what: 'The gateway’s address, unless `--gateway` says it.',
    is: text,
    readBy: [
      'sallyport classify',
      'sallyport postgres',
      'sallyport kubeconfig',
      'sallyport ssh-config',
      'sallyport tunnel',
      'sallyport token',
    ],
  },
  SALLYPORT_CONSOLE: {
    what: 'The console’s address, unless `--console` says it.',
    is: text,
    readBy: ['sallyport policy', 'sallyport classify', 'sallyport evidence', 'sallyport replay'],
  },
  SALLYPORT_TOKEN: {
    what: 'The caller’s token, unless a file is named.',
    is: text,
    unset: 'where a command may ask Google: an ID token of the caller’s Google account',
    readBy: [
      'sallyport policy',
      'sallyport classify',
      'sallyport evidence',
      'sallyport replay',
      'sallyport postgres',
      'sallyport token',
      'sallyport tunnel',
      'sallyport ssh-config',
    ],
  },
  SALLYPORT_TOKEN_FILE: {
    what: 'The path of a file that holds the caller’s token, unless `--token-file` says it; it goes before `SALLYPORT_TOKEN`.',
    is: text,
    readBy: ['sallyport token', 'sallyport tunnel', 'sallyport ssh-config'],
  },
  SALLYPORT_CONSOLE_TOKEN: {
    what: 'The caller’s token for the console, where it is another than the gateway’s.',
    is: text,
    unset: 'the token for the gateway',
    readBy: ['sallyport classify'],
  },
  SALLYPORT_THROUGH_IAP: {
    what: 'Whether the token for the console is one that Identity-Aware Proxy takes: it is then sent as `Proxy-Authorization`. `true`, `false`.',
    is: text,
    unset: '`false`',
    readBy: ['sallyport policy', 'sallyport classify', 'sallyport evidence', 'sallyport replay'],
  },
  SALLYPORT_AUDIENCE: {
    what: 'Whom an ID token that Google gives is for, unless `--audience` says it.',
    is: text,
    unset: 'the gateway’s origin',
    readBy: ['sallyport token', 'sallyport tunnel', 'sallyport ssh-config'],
  },
  SALLYPORT_REASON: {
    what: 'Why the caller asks, for approvers and auditors, unless `--reason` says it.',
    is: text,
    readBy: ['sallyport tunnel'],
  },
  SALLYPORT_SESSION: {
    what: 'What the call belongs to, unless `--session` says it.',
    is: text,
    readBy: ['sallyport tunnel'],
  },
  KUBECONFIG: {
    what: 'The files of kubectl: an entry goes into the first of them, unless `--file` says another.',
    is: text,
    unset: '`~/.kube/config`',
    readBy: ['sallyport kubeconfig'],
  },
  NO_COLOR: {
    what: 'Whether nothing is coloured: anything but empty.',
    is: text,
    unset: 'a terminal is written to in colour',
    readBy: ['sallyport'],
  },
} as const satisfies Record<string, Variable>;
