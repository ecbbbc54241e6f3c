import { ConfigError, readConfig } from '../../../src/config.ts';
import { at, every, list, of, type Plan, type Resource, type Rule, set, text, texts } from '../plan.ts';

/** What services and jobs are told, as the product itself reads it. */

const container = 'template.0.containers.0';
const roles = ['gateway', 'console', 'keeper'] as const;
const services = (plan: Plan) => of(plan, 'cloud_run_v2_service');
const roleOf = (service: Resource) => String(service.index);

const environmentOf = (resource: Resource, place = container): Record<string, string> =>
  Object.fromEntries(
    list(resource, `${place}.env`).map((_, number) => [
      text(resource, `${place}.env.${number}.name`),
      text(resource, `${place}.env.${number}.value`),
    ]),
  );

/** Why a service would not start with what it is told. */
function refusals(service: Resource): readonly string[] {
  try {
    readConfig(roleOf(service), { ...environmentOf(service), K_SERVICE: text(service, 'name') });
    return [];
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.lines.map((line) => `${service.address}: ${line}`);
    throw thrown;
  }
}

const issuersOf = (service: Resource) => environmentOf(service)['SALLYPORT_ISSUERS'] ?? '';
const withoutIssuers = (service: Resource) => {
  const { SALLYPORT_ISSUERS: _, ...rest } = environmentOf(service);
  return JSON.stringify(Object.entries(rest).toSorted());
};

/** The place of a variable among those of a service. */
const told = (name: string, value: string): Rule['planted'] => {
  const address = 'cloud_run_v2_service.service["gateway"]';
  return (plan) => {
    const service = services(plan).find((one) => one.address.startsWith(`google_${address}`));
    const place = service === undefined ? -1 : Object.keys(environmentOf(service)).indexOf(name);
    return set(address, `${container}.env.${place}.value`, value)(plan);
  };
};

export const productRules: readonly Rule[] = [
  {
    says: 'what each service is told is what the product starts with',
    broken: (plan) => services(plan).flatMap(refusals),
    planted: told('SALLYPORT_ISSUERS', JSON.stringify([{ preset: 'github', audience: ['x'] }])),
  },
  {
    says: 'each service runs its own role, and jobs what they are for',
    broken: (plan) => [
      ...services(plan)
        .filter((service) => texts(service, `${container}.args`).join() !== roleOf(service))
        .map(({ address }) => address),
      ...of(plan, 'cloud_run_v2_job')
        .filter(
          (job) => job.name === 'documents' && texts(job, 'template.0.template.0.containers.0.args').join() !== 'apply',
        )
        .map(({ address }) => address),
    ],
    planted: set('cloud_run_v2_service.service["console"]', `${container}.args`, ['all']),
  },
  {
    says: 'all three are told the same, but for issuers: the keeper’s is the scheduler’s alone',
    broken: (plan) => {
      const all = services(plan);
      const [first] = all;
      return all
        .filter((service) => {
          const isKeeper = roleOf(service) === 'keeper';
          const forKeeper = '[{"audience":["https://sallyport-keeper.acme-sallyport.internal"],"preset":"google"}]';
          return (
            first === undefined ||
            withoutIssuers(service) !== withoutIssuers(first) ||
            (issuersOf(service) === forKeeper) !== isKeeper
          );
        })
        .map(({ address }) => address);
    },
    planted: told('SALLYPORT_CONSOLE_URL', 'https://elsewhere.example.com'),
  },
  {
    says: 'a start waits for readiness, and what lives is asked whether it lives, not whether it is ready',
    broken: every(
      ['cloud_run_v2_service'],
      (service) =>
        text(service, `${container}.startup_probe.0.http_get.0.path`) === '/readyz' &&
        text(service, `${container}.liveness_probe.0.http_get.0.path`) === '/healthz' &&
        Number(at(service, `${container}.startup_probe.0.period_seconds`)) *
          Number(at(service, `${container}.startup_probe.0.failure_threshold`)) >=
          120,
    ),
    planted: set('cloud_run_v2_service.service["gateway"]', `${container}.liveness_probe.0.http_get.0.path`, '/readyz'),
  },
  {
    says: 'tables keep their rows as long as the services are told',
    broken: (plan) => {
      const [service] = services(plan);
      const days: Record<string, number> = JSON.parse(
        (service && environmentOf(service)['SALLYPORT_RETENTION']) ?? '{}',
      );
      return of(plan, 'bigquery_table')
        .filter((table) => table.name === 'trail')
        .filter((table) => {
          const wanted = days[text(table, 'table_id')];
          const is = at(table, 'time_partitioning.0.expiration_ms') ?? null;
          return is !== (wanted === undefined ? null : wanted * 86_400_000);
        })
        .map(({ address }) => address);
    },
    planted: set('bigquery_table.trail["events"]', 'time_partitioning.0.expiration_ms', 86_400_000),
  },
  {
    says: 'the scheduler asks the keeper for each of its tasks, every minute',
    broken: (plan) => [
      ...['sweep', 'ship', 'checkpoint'].filter(
        (task) =>
          !of(plan, 'cloud_scheduler_job').some((job) => text(job, 'http_target.0.uri').endsWith(`/tasks/${task}`)),
      ),
      ...every(
        ['cloud_scheduler_job'],
        (job) => text(job, 'schedule') === '* * * * *' && text(job, 'http_target.0.http_method') === 'POST',
      )(plan),
    ],
    planted: set('cloud_scheduler_job.keeper["checkpoint"]', 'schedule', '0 0 1 1 *'),
  },
  {
    says: 'a service takes no more requests at once than Cloud Run’s second generation can, and ends none before an hour at the gateway',
    broken: every(
      ['cloud_run_v2_service'],
      (service) =>
        text(service, 'template.0.execution_environment') === 'EXECUTION_ENVIRONMENT_GEN2' &&
        at(service, `${container}.ports.0.container_port`) === 8080 &&
        at(service, 'traffic.0.percent') === 100 &&
        Number(at(service, 'template.0.max_instance_request_concurrency')) >= 8 &&
        (roleOf(service) !== 'gateway' || text(service, 'template.0.timeout') === '3600s'),
    ),
    planted: set('cloud_run_v2_service.service["gateway"]', 'template.0.timeout', '60s'),
  },
  {
    says: 'a job runs as an account of its own, is tried twice at most, and ends by itself',
    broken: every(['cloud_run_v2_job'], (job) => {
      const account = text(job, 'template.0.template.0.service_account');
      return (
        !roles.some((role) => account.startsWith(`sallyport-${role}@`)) &&
        (account === '' || account.startsWith(`sallyport-${job.name}@`)) &&
        Number(at(job, 'template.0.template.0.max_retries')) <= 1 &&
        Number.parseInt(text(job, 'template.0.template.0.timeout'), 10) <= 600
      );
    }),
    planted: set(
      'cloud_run_v2_job.documents',
      'template.0.template.0.service_account',
      'sallyport-console@acme-sallyport.iam.gserviceaccount.com',
    ),
  },
  {
    says: 'where there is a network, jobs leave by it, too, with tags of their own',
    broken: (plan) =>
      services(plan).some((service) => list(service, 'template.0.vpc_access').length > 0)
        ? every(
            ['cloud_run_v2_job'],
            (job) =>
              texts(job, 'template.0.template.0.vpc_access.0.network_interfaces.0.tags')[0] === `sallyport-${job.name}`,
          )(plan)
        : [],
    planted: set('cloud_run_v2_job.documents', 'template.0.template.0.vpc_access', []),
  },
];
