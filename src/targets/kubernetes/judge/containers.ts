import { at, type Json, type JsonObject, listAt, objectAt, textAt } from '../json.ts';
import { credential, type Finding, privilege, when } from './finding.ts';

/** What a program within a Pod is given beyond an ordinary one. */
export function judgeContainer(container: Json): Finding[] {
  const name = textAt(container, 'name');
  return [
    ...ofSecurity(objectAt(container, 'securityContext'), name),
    ...ofSecrets(container, name),
    ...listAt(container, 'ports')
      .map((port) => at(port, 'hostPort'))
      .filter((port) => typeof port === 'number' && port !== 0)
      .map((port) => privilege(`${name} takes port ${port} of its node`)),
    ...when(listAt(container, 'volumeDevices').length > 0, privilege(`${name} is given a raw block device`)),
  ];
}

/** The one capability that the strictest standard leaves to programs (Pod Security Standards, restricted). */
const harmless = 'NET_BIND_SERVICE';

function ofSecurity(context: JsonObject, name: string): Finding[] {
  const added = listAt(context, 'capabilities', 'add').filter((capability) => capability !== harmless);
  return [
    ...when(context['privileged'] === true, privilege(`${name} is privileged: it may do anything to its node`)),
    ...when(
      context['allowPrivilegeEscalation'] === true,
      privilege(`${name} may gain privileges (allowPrivilegeEscalation)`),
    ),
    ...when(added.length > 0, privilege(`${name} is given capabilities: ${added.join(', ')}`)),
    ...when(context['runAsUser'] === 0, privilege(`${name} runs as root (runAsUser 0)`)),
    ...when(
      !['', 'Default'].includes(textAt(context, 'procMount')),
      privilege(`${name} sees all of /proc (procMount)`),
    ),
    ...when('seLinuxOptions' in context, privilege(`${name} sets SELinux options`)),
    ...when(
      at(context, 'windowsOptions', 'hostProcess') === true,
      privilege(`${name} is a process of its Windows node`),
    ),
    ...['seccompProfile', 'appArmorProfile']
      .filter((profile) => textAt(context, profile, 'type') === 'Unconfined')
      .map((profile) => privilege(`${name} is not confined (${profile})`)),
  ];
}

function ofSecrets(container: Json, name: string): Finding[] {
  const single = listAt(container, 'env')
    .map((variable) => at(variable, 'valueFrom', 'secretKeyRef'))
    .filter((reference) => reference !== undefined)
    .map((reference) => `key ${textAt(reference, 'key')} of Secret ${textAt(reference, 'name')}`);
  const whole = listAt(container, 'envFrom')
    .map((source) => at(source, 'secretRef'))
    .filter((reference) => reference !== undefined)
    .map((reference) => `all of Secret ${textAt(reference, 'name')}`);
  return [...new Set([...whole, ...single])].map((what) => credential(`${name} is given ${what}`));
}
