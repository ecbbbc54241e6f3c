import { z } from 'zod';
import { networkSchema } from '../../platform/vetting.ts';
import { commandsSchema } from './commands.ts';
import { pinSchema } from './host-keys.ts';

const user = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}\$?$/, 'the name of a user of the host');

/** One host on the way, or the last one. */
const hopShape = {
  host: z.string().regex(/^[A-Za-z0-9:][A-Za-z0-9.:-]{0,252}$/, 'a host name or an address'),
  port: z.int().min(1).max(65_535).default(22),
  user,
  /** The keys that the host may prove itself with; any other is refused. */
  host_keys: z.array(pinSchema).min(1).max(20),
};
const hopSchema = z.strictObject(hopShape);
export type Hop = z.output<typeof hopSchema>;

/** Names that decide what runs, whatever the command says: no connection can allow them. */
const steering =
  /^(PATH|IFS|ENV|SHELL|HOME|USER|LOGNAME|BASH_.*|SHELLOPTS|BASHOPTS|PS\d|PROMPT_COMMAND|ZDOTDIR|FPATH|CDPATH|LD_.*|DYLD_.*|GLIBC_.*|GCONV_PATH|LOCPATH|TERMINFO.*|TERMCAP|.*PAGER.*|LESS.*|.*EDITOR|VISUAL|BROWSER|GIT_.*|PYTHON.*|PERL.*|RUBY.*|NODE_.*|JAVA_.*|_JAVA_.*|JDK_.*|MANPATH|SSH_.*|SUDO_.*|KUBECONFIG|DOCKER_.*|TAR_OPTIONS|GREP_OPTIONS|.*_proxy)$/i;

/** How a connection reaches a host, and what is understood there. */
export const settingsSchema = z.strictObject({
  ...hopShape,
  /** Private ranges (CIDR) that the name of the first host on the way may lead to. */
  networks: z.array(networkSchema).default([]),
  /** The hosts on the way, in the order in which they are passed (ProxyJump): each is dialled from the one before. */
  jump: z.array(hopSchema).max(5).default([]),
  /** Of the certificates that are made where the secret holds the key of a certificate authority. */
  certificate: z
    .strictObject({
      principals: z.array(user).min(1).max(20).optional(),
      seconds: z.int().min(30).max(3600).default(300),
    })
    .prefault({}),
  commands: commandsSchema,
  /** Names of environment variables that a caller may set, beside LANG and LC_*. */
  environment: z
    .array(
      z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/)
        .refine((name) => !steering.test(name), { error: 'a name that decides what runs' }),
    )
    .max(50)
    .default([]),
});
export type Settings = z.output<typeof settingsSchema>;

/** Whether a caller may set it. */
export const maySet = (name: string, { environment }: Pick<Settings, 'environment'>) =>
  /^(LANG|LC_[A-Z]{1,30})$/.test(name) || environment.includes(name);
