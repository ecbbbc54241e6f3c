import type { Declaration } from '../../targets/ssh/understood.ts';

/** What a reasonable operator declares of a bastion. */
export const declared: readonly Declaration[] = [
  { template: 'uptime', verb: 'read' },
  { template: 'df -h', verb: 'read' },
  { template: 'ps aux', verb: 'read' },
  { template: 'journalctl -u {unit} --no-pager', verb: 'read', resources: ['unit/{unit}'] },
  {
    template: 'journalctl --unit={unit} --since {time} --no-pager',
    verb: 'read',
    resources: ['unit/{unit}'],
    parameters: { time: 'today|yesterday|\\d{1,3} (minutes|hours|days) ago' },
  },
  { template: 'systemctl status {unit}', verb: 'read', resources: ['unit/{unit}'] },
  { template: 'sudo -n systemctl restart {unit}', verb: 'write', resources: ['unit/{unit}'] },
  {
    template: 'tail -n {lines} /var/log/{file}',
    verb: 'read',
    parameters: { lines: '\\d{1,5}', file: '[a-z0-9][a-z0-9./-]*' },
  },
  { template: 'cat /etc/nginx/{file}', verb: 'read', parameters: { file: '[a-z0-9][a-z0-9./_-]*' } },
  { template: 'grep -n {word} /var/log/syslog', verb: 'read' },
  { template: 'ls -l /srv/{folder}', verb: 'read' },
  { template: 'docker ps', verb: 'read' },
  { template: 'docker logs --tail {lines} {container}', verb: 'read', parameters: { lines: '\\d{1,5}' } },
  { template: 'kubectl get {kind} -n {namespace}', verb: 'read', parameters: { kind: 'pods|services|deployments' } },
  { template: "psql -d {database} -At -c 'select count(*) from orders'", verb: 'read' },
  { template: 'curl -s https://status.internal/health/{service}', verb: 'read' },
  { template: 'find /var/log -name {name}', verb: 'read' },
  { template: "awk '{print $1}' /var/log/{file}.log", verb: 'read' },
];

/** What they are meant for, with what policy is told of it. */
export const meant: readonly (readonly [command: string | readonly string[], verb: string, resource: string])[] = [
  ['uptime', 'read', 'command/uptime'],
  ['df -h', 'read', 'command/df'],
  ['journalctl -u nginx.service --no-pager', 'read', 'unit/nginx.service'],
  ["journalctl --unit=nginx --since '2 hours ago' --no-pager", 'read', 'unit/nginx'],
  [['systemctl', 'status', 'getty@tty1'], 'read', 'unit/getty@tty1'],
  ['sudo -n systemctl restart nginx', 'write', 'unit/nginx'],
  ['tail -n 50 /var/log/nginx/access.log', 'read', 'command/tail'],
  ['cat /etc/nginx/conf.d/app.conf', 'read', 'command/cat'],
  ['grep -n timeout /var/log/syslog', 'read', 'command/grep'],
  ['docker logs --tail 5 web-1', 'read', 'command/docker'],
  ['kubectl get pods -n team-a', 'read', 'command/kubectl'],
  ["psql -d crm -At -c 'select count(*) from orders'", 'read', 'command/psql'],
  ['curl -s https://status.internal/health/orders', 'read', 'command/curl'],
  ['find /var/log -name syslog.1', 'read', 'command/find'],
];
