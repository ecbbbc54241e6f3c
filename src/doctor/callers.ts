import { type Check, type Found, fault, warning, word } from './check.ts';
import { type Facts, ofServices, type Part } from './facts.ts';
import { nameOf, ofParts, update } from './parts.ts';
import { isEverybody, type Policy, policySchema } from './policies.ts';

const invokersOf = ({ google }: Facts, part: Part): Promise<Policy> =>
  google.read({
    api: 'run',
    path: `/v2/${part.path}:getIamPolicy`,
    query: { 'options.requestedPolicyVersion': '3' },
    answer: policySchema,
    permission: 'run.services.getIamPolicy',
    of: `Who may call ${nameOf(part)}`,
  });

const ingress: Record<Part['role'], readonly string[]> = {
  gateway: ['INGRESS_TRAFFIC_ALL', 'INGRESS_TRAFFIC_INTERNAL_ONLY', 'INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER'],
  console: ['INGRESS_TRAFFIC_ALL', 'INGRESS_TRAFFIC_INTERNAL_ONLY', 'INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER'],
  keeper: ['INGRESS_TRAFFIC_INTERNAL_ONLY'],
};

async function invocation(part: Part, facts: Facts): Promise<readonly Found[]> {
  const { invokerIamDisabled } = part.service;
  const { bindings } = await invokersOf(facts, part);
  const callers = bindings.filter(({ role }) => role === 'roles/run.invoker').flatMap(({ members }) => members);
  const everybody = callers.filter(isEverybody);
  const remove = (member: string) =>
    `gcloud run services remove-iam-policy-binding ${nameOf(part)} --project=${facts.project} --region=${facts.region} --member=${word(member)} --role=roles/run.invoker`;
  if (everybody.length > 0)
    return everybody.map((member) => fault(`${member} may call ${nameOf(part)}.`, remove(member)));
  if (part.role === 'keeper' && !invokerIamDisabled)
    return [
      fault(
        `Cloud Run checks the callers of ${nameOf(part)} and takes the signature off the very token that it verifies.`,
        update(part, facts, '--no-invoker-iam-check'),
      ),
    ];
  if (part.role === 'console' && invokerIamDisabled)
    return [fault(`${nameOf(part)} can be called without passing IAP.`, update(part, facts, '--invoker-iam-check'))];
  if (part.role === 'console') {
    const agent = `serviceAccount:service-${await facts.projectNumber()}@gcp-sa-iap.iam.gserviceaccount.com`;
    const others = callers.filter((caller) => caller !== agent);
    return [
      ...(callers.includes(agent)
        ? []
        : [
            fault(
              `IAP may not call ${nameOf(part)}, so nobody gets in.`,
              `gcloud run services add-iam-policy-binding ${nameOf(part)} --project=${facts.project} --region=${facts.region} --member=${agent} --role=roles/run.invoker`,
            ),
          ]),
      ...others.map((member) => fault(`${member} may call ${nameOf(part)} without passing IAP.`, remove(member))),
    ];
  }
  if (!invokerIamDisabled && callers.length === 0)
    return [
      fault(
        `Nobody may call ${nameOf(part)}.`,
        'Set `gateway.public_invocation = true`, or name `gateway.invokers`, and run terraform apply.',
      ),
    ];
  return [];
}

async function proxied(part: Part, facts: Facts): Promise<readonly Found[]> {
  if (part.role !== 'console') return [];
  const { project, region } = facts;
  if (!part.service.iapEnabled)
    return [
      fault(
        `IAP does not stand before ${nameOf(part)}.`,
        update(part, facts, '--iap').replace('gcloud run', 'gcloud beta run'),
      ),
    ];
  const number = await facts.projectNumber();
  const policy = await facts.google.read({
    api: 'iap',
    path: `/v1/projects/${number}/iap_web/cloud_run-${region}/services/${nameOf(part)}:getIamPolicy`,
    body: { options: { requestedPolicyVersion: 3 } },
    answer: policySchema,
    permission: 'iap.webServices.getIamPolicy',
    of: `Who may pass IAP to ${nameOf(part)}`,
  });
  const members = policy.bindings
    .filter(({ role }) => role === 'roles/iap.httpsResourceAccessor')
    .flatMap((one) => one.members);
  const command = (verb: string, member: string) =>
    `gcloud iap web ${verb}-iam-policy-binding --project=${project} --resource-type=cloud-run --region=${region} --service=${nameOf(part)} --member=${word(member)} --role=roles/iap.httpsResourceAccessor`;
  const everybody = members
    .filter(isEverybody)
    .map((member) => fault(`${member} may pass IAP to ${nameOf(part)}.`, command('remove', member)));
  const nobody =
    members.length === 0
      ? [fault(`Nobody may pass IAP to ${nameOf(part)}.`, 'Name people in `console.members` and run terraform apply.')]
      : [];
  return [...everybody, ...nobody];
}

async function assertion(part: Part, facts: Facts): Promise<readonly Found[]> {
  if (part.role !== 'console') return [];
  const meant = `/projects/${await facts.projectNumber()}/locations/${facts.region}/services/${nameOf(part)}`;
  const said = part.environment['SALLYPORT_IAP_AUDIENCE'] ?? '';
  if (said === meant) return [];
  const mend = `Leave \`console.iap_audience\` unset and run terraform apply; or: ${update(part, facts, `--update-env-vars=SALLYPORT_IAP_AUDIENCE=${meant}`)}`;
  if (said === '')
    return [fault(`${nameOf(part)} is not told the audience of IAP’s assertions, so it lets nobody in.`, mend)];
  return [
    warning(
      `${nameOf(part)} expects IAP’s assertions for ${said}: right only where IAP stands at that load balancer.`,
      mend,
    ),
  ];
}

/** Who can reach and call each service, and who passes IAP. */
export const callerChecks: readonly Check[] = [
  {
    id: 'services.ingress',
    promise: 'The keeper can be reached from within the project alone.',
    rights: ofServices,
    run: ofParts((part, facts) =>
      ingress[part.role].includes(part.service.ingress)
        ? []
        : [
            fault(
              `${nameOf(part)} can be reached from outside of the project.`,
              update(part, facts, '--ingress=internal'),
            ),
          ],
    ),
  },
  {
    id: 'services.invokers',
    promise: 'Who may call each service is as meant, and nobody reaches the console past IAP.',
    rights: [...ofServices, 'run.services.getIamPolicy', 'resourcemanager.projects.get'],
    run: ofParts(invocation),
  },
  {
    id: 'services.iap',
    promise: 'IAP stands before the console, and lets named people pass.',
    rights: [...ofServices, 'resourcemanager.projects.get', 'iap.webServices.getIamPolicy'],
    run: ofParts(proxied),
  },
  {
    id: 'services.assertion',
    promise: 'The console takes IAP’s assertions for itself alone.',
    rights: [...ofServices, 'resourcemanager.projects.get'],
    run: ofParts(assertion),
  },
];
