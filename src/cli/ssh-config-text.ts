/** A connection as SSH clients are to know it. No secret is in it. */
export type SshHost = {
  /** What is typed after `ssh`. */
  name: string;
  /** As in a `known_hosts` file: the key that the tunnel proves itself with. */
  hostKey: string;
  /** What carries the bytes: a program and its words. */
  proxy: readonly string[];
};

/** Where the pinned keys are: in a file, or in the configuration itself, which clients from OpenSSH 8.5 on can read. */
export type Pinned = { file: string } | 'within';

/** Blocks of `ssh_config(5)`. Each trusts its own key alone, offers no key and lends no agent: who calls is proven by a token. */
export function sshConfig(hosts: readonly SshHost[], pinned: Pinned): string {
  return hosts.map((host) => blockOf(host, pinned)).join('\n');
}

export function knownHosts(hosts: readonly SshHost[]): string {
  return hosts.map(({ name, hostKey }) => `${name} ${hostKey}\n`).join('');
}

function blockOf({ name, hostKey, proxy }: SshHost, pinned: Pinned): string {
  const [own, command] =
    pinned === 'within' ? ['/dev/null', `/bin/echo ${name} ${hostKey}`] : [quoted(pinned.file), 'none'];
  const options = [
    ['HostName', name],
    ['HostKeyAlias', name],
    ['User', 'sallyport'],
    ['ProxyCommand', proxy.map(word).join(' ')],
    ['StrictHostKeyChecking', 'yes'],
    ['HostKeyAlgorithms', 'ssh-ed25519'],
    ['UserKnownHostsFile', own],
    ['GlobalKnownHostsFile', '/dev/null'],
    ...(pinned === 'within' ? [['KnownHostsCommand', command]] : []),
    ['UpdateHostKeys', 'no'],
    ['CheckHostIP', 'no'],
    ['CanonicalizeHostname', 'no'],
    ['IdentityFile', 'none'],
    ['IdentityAgent', 'none'],
    ['ForwardAgent', 'no'],
    ['ForwardX11', 'no'],
    ['GSSAPIAuthentication', 'no'],
    ['ServerAliveInterval', '30'],
  ];
  return [`Host ${name}`, ...options.map((pair) => `  ${pair.join(' ')}`), ''].join('\n');
}

/** A word for the user's shell, which runs the `ProxyCommand`, after OpenSSH has replaced what follows a `%`. */
function word(text: string): string {
  const safe = /^[A-Za-z0-9_./:@=+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
  return safe.replaceAll('%', '%%');
}

/** A file's name, as `ssh_config(5)` reads one. */
const quoted = (path: string) => (/[\s"]/.test(path) ? `"${path}"` : path);
