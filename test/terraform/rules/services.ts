import { add, at, drop, every, list, of, type Plan, type Resource, type Rule, set, text, texts } from '../plan.ts';

/** Services, the way to them, and the way from them to targets. */

const container = 'template.0.containers.0';
const services = ['cloud_run_v2_service'];
const named = (resource: Resource, role: string) => text(resource, 'name') === `sallyport-${role}`;
const one = (plan: Plan, role: string) => of(plan, ...services).find((service) => named(service, role));
const hasBalancer = (plan: Plan) => of(plan, 'compute_backend_service').length > 0;

const rulesOf = (policy: Resource) =>
  list(policy, 'rule').map((rule) => ({ values: Object.fromEntries(Object.entries(rule ?? {})) }));
const expression = (rule: Pick<Resource, 'values'>) => text(rule, 'match.0.expr.0.expression');

export const serviceRules: readonly Rule[] = [
  {
    says: 'there are three services, and each has an account of its own',
    broken: (plan) =>
      ['gateway', 'console', 'keeper'].filter((role) => {
        const service = one(plan, role);
        return (
          service === undefined || !text(service, 'template.0.service_account').startsWith(`sallyport-${role}@acme-`)
        );
      }),
    planted: set('cloud_run_v2_service.service["console"]', 'template.0.service_account', 'sallyport-gateway@acme-x'),
  },
  {
    says: 'what runs is named by its digest',
    broken: (plan) => [
      ...every(services, (service) => /@sha256:[0-9a-f]{64}$/.test(text(service, `${container}.image`)))(plan),
      ...every(['cloud_run_v2_job'], (job) => /@sha256:/.test(text(job, 'template.0.template.0.containers.0.image')))(
        plan,
      ),
    ],
    planted: set('cloud_run_v2_service.service["gateway"]', `${container}.image`, 'example/sallyport:latest'),
  },
  {
    says: 'Terraform destroys no service unasked',
    broken: every(services, (service) => at(service, 'deletion_protection') === true),
    planted: set('cloud_run_v2_service.service["keeper"]', 'deletion_protection', false),
  },
  {
    says: 'CPU is there between requests, too',
    broken: every(services, (service) => at(service, `${container}.resources.0.cpu_idle`) === false),
    planted: set('cloud_run_v2_service.service["keeper"]', `${container}.resources.0.cpu_idle`, true),
  },
  {
    says: 'a service has at least one CPU, and limits',
    broken: every(
      services,
      (service) =>
        Number(at(service, `${container}.resources.0.limits.cpu`)) >= 1 &&
        /^\d+(Mi|Gi)$/.test(text(service, `${container}.resources.0.limits.memory`)),
    ),
    planted: set('cloud_run_v2_service.service["keeper"]', `${container}.resources.0.limits`, {}),
  },
  {
    says: 'health is asked for at the start and while it runs',
    broken: every(services, (service) =>
      ['startup_probe', 'liveness_probe'].every((probe) =>
        text(service, `${container}.${probe}.0.http_get.0.path`).startsWith('/'),
      ),
    ),
    planted: set('cloud_run_v2_service.service["console"]', `${container}.liveness_probe`, []),
  },
  {
    says: 'at least one instance runs, and no more than was said',
    broken: every(services, (service) => {
      const [least, most] = ['min', 'max'].map((end) =>
        Number(at(service, `template.0.scaling.0.${end}_instance_count`)),
      );
      return least !== undefined && most !== undefined && least >= 1 && most >= least;
    }),
    planted: set('cloud_run_v2_service.service["gateway"]', 'template.0.scaling.0.min_instance_count', 0),
  },
  {
    says: 'an apply puts all traffic on what it describes',
    broken: every(
      services,
      (service) =>
        list(service, 'traffic').length === 1 &&
        text(service, 'traffic.0.type') === 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST',
    ),
    planted: set('cloud_run_v2_service.service["gateway"]', 'traffic', []),
  },
  {
    says: 'the console is behind IAP and Cloud Run checks who calls it',
    broken: (plan) => {
      const service = one(plan, 'console');
      const isBehind = service && at(service, 'iap_enabled') === true && at(service, 'invoker_iam_disabled') === false;
      return isBehind ? [] : ['the console'];
    },
    planted: set('cloud_run_v2_service.service["console"]', 'iap_enabled', false),
  },
  {
    says: 'the keeper is not reached from outside',
    broken: (plan) => {
      const service = one(plan, 'keeper');
      return service && text(service, 'ingress') === 'INGRESS_TRAFFIC_INTERNAL_ONLY' ? [] : ['the keeper'];
    },
    planted: set('cloud_run_v2_service.service["keeper"]', 'ingress', 'INGRESS_TRAFFIC_ALL'),
  },
  {
    says: 'there is no way around a load balancer',
    broken: (plan) => {
      const service = one(plan, 'gateway');
      if (!hasBalancer(plan)) return [];
      return service && text(service, 'ingress') === 'INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER' ? [] : ['the gateway'];
    },
    planted: set('cloud_run_v2_service.service["gateway"]', 'ingress', 'INGRESS_TRAFFIC_ALL'),
  },
  {
    says: 'no variable of a service holds a secret',
    broken: every(services, (service) =>
      list(service, `${container}.env`).every((env) => {
        const { name, value } = { name: '', value: '', ...(env as object) };
        return !/PASSWORD|TOKEN$|SECRET|_KEY$|CREDENTIAL/.test(name) || /^projects\//.test(value);
      }),
    ),
    planted: set('cloud_run_v2_service.service["gateway"]', `${container}.env.0`, {
      name: 'SALLYPORT_SEAL_KEY',
      value: 'aGVsbG8=',
    }),
  },
  {
    says: 'the scheduler calls the keeper with tokens of its own for it alone',
    broken: every(
      ['cloud_scheduler_job'],
      (job) =>
        text(job, 'http_target.0.oidc_token.0.service_account_email').startsWith('sallyport-scheduler@') &&
        text(job, 'http_target.0.oidc_token.0.audience') === 'https://sallyport-keeper.acme-sallyport.internal' &&
        text(job, 'http_target.0.uri').startsWith('https://'),
    ),
    planted: set('cloud_scheduler_job.keeper', 'http_target.0.oidc_token', []),
  },
  {
    says: 'where there is a network, each service leaves by it with a tag of its own',
    broken: (plan) => {
      const access = of(plan, ...services).map((service) =>
        texts(service, 'template.0.vpc_access.0.network_interfaces.0.tags'),
      );
      if (!access.some(({ length }) => length > 0)) return [];
      return new Set(access.map(([tag]) => tag ?? '')).size === 3 && !access.some(({ length }) => length === 0)
        ? []
        : ['networks of services'];
    },
    planted: set('cloud_run_v2_service.service["keeper"]', 'template.0.vpc_access', []),
  },
  {
    says: 'firewall rules let the gateway out to what is named, and let nobody in',
    broken: every(
      ['compute_firewall'],
      (rule) =>
        text(rule, 'direction') === 'EGRESS' &&
        texts(rule, 'target_tags').length > 0 &&
        list(rule, 'log_config').length === 1 &&
        (list(rule, 'deny').length > 0 ||
          (texts(rule, 'target_tags').join() === 'sallyport-gateway' &&
            !texts(rule, 'destination_ranges').some((range) => range.endsWith('/0')))),
    ),
    planted: set('compute_firewall.targets', 'destination_ranges', ['0.0.0.0/0']),
  },
  {
    says: 'where targets are named, every other private address is out of reach',
    broken: (plan) => {
      const [allowed, denied] = ['allow', 'deny'].map((act) =>
        of(plan, 'compute_firewall').filter((rule) => list(rule, act).length > 0),
      );
      if (allowed?.length === 0) return [];
      return denied?.some(
        (rule) => texts(rule, 'target_tags').length >= 3 && texts(rule, 'destination_ranges').includes('10.0.0.0/8'),
      )
        ? []
        : ['a rule that refuses the rest'];
    },
    planted: drop('compute_firewall.nothing_else'),
  },
  {
    says: 'a load balancer speaks TLS 1.2 at least, with strong ciphers',
    broken: (plan) => [
      ...every(
        ['compute_ssl_policy'],
        (policy) => text(policy, 'min_tls_version') === 'TLS_1_2' && text(policy, 'profile') === 'RESTRICTED',
      )(plan),
      ...(hasBalancer(plan) && of(plan, 'compute_ssl_policy').length === 0 ? ['a policy for TLS'] : []),
    ],
    planted: set('compute_ssl_policy.modern', 'profile', 'COMPATIBLE'),
  },
  {
    says: 'a load balancer has Cloud Armor before its backend, and its policy for TLS',
    // What is made with it is not known before, so it is not among the values; null it is where nothing was said.
    broken: (plan) => [
      ...every(['compute_backend_service'], (backend) => backend.values['security_policy'] !== null)(plan),
      ...every(['compute_target_https_proxy'], (proxy) => proxy.values['ssl_policy'] !== null)(plan),
    ],
    planted: set('compute_backend_service.gateway', 'security_policy', null),
  },
  {
    says: 'nothing is served over plain http but the way to https',
    broken: (plan) =>
      of(plan, 'compute_target_http_proxy').length === 0 ||
      of(plan, 'compute_url_map').some((map) => at(map, 'default_url_redirect.0.https_redirect') === true)
        ? []
        : ['plain http'],
    planted: set('compute_url_map.redirect', 'default_url_redirect', []),
  },
  {
    says: 'every request to a load balancer is logged',
    broken: every(
      ['compute_backend_service'],
      (backend) => at(backend, 'log_config.0.enable') === true && at(backend, 'log_config.0.sample_rate') === 1,
    ),
    planted: set('compute_backend_service.gateway', 'log_config', []),
  },
  {
    says: 'Cloud Armor counts what an address sends, refuses whom nothing lets in, and learns what an attack looks like',
    broken: every(['compute_security_policy'], (policy) => {
      const all = rulesOf(policy);
      return (
        at(policy, 'adaptive_protection_config.0.layer_7_ddos_defense_config.0.enable') === true &&
        all.some(
          (rule) => text(rule, 'action') === 'throttle' && at(rule, 'match.0.config.0.src_ip_ranges') !== undefined,
        ) &&
        all.some((rule) => at(rule, 'priority') === 2147483647 && text(rule, 'action').startsWith('deny')) &&
        !all.some((rule) => text(rule, 'action') === 'allow')
      );
    }),
    planted: set('compute_security_policy.edge', 'adaptive_protection_config', []),
  },
  {
    says: 'lookups of Log4j are refused, and OWASP’s rules are there',
    broken: every(['compute_security_policy'], (policy) => {
      const all = rulesOf(policy);
      const canary = all.find((rule) => expression(rule) === "evaluatePreconfiguredWaf('cve-canary')");
      const owasp = all.filter((rule) => expression(rule).includes('-v33-stable'));
      return (
        canary !== undefined &&
        text(canary, 'action') === 'deny(403)' &&
        at(canary, 'preview') !== true &&
        owasp.length >= 8
      );
    }),
    planted: set('compute_security_policy.edge', 'rule', []),
  },
  {
    says: 'what of a request matched a rule stands in no log',
    broken: every(
      ['compute_security_policy'],
      (policy) => text(policy, 'advanced_options_config.0.log_level') === 'NORMAL',
    ),
    planted: set('compute_security_policy.edge', 'advanced_options_config.0.log_level', 'VERBOSE'),
  },
  {
    says: 'a tag of an image that was pushed stays what it is',
    broken: every(
      ['artifact_registry_repository'],
      (repository) => at(repository, 'docker_config.0.immutable_tags') === true,
    ),
    planted: set('artifact_registry_repository.images', 'docker_config.0.immutable_tags', false),
  },
  {
    says: 'where images are vouched for, services and jobs ask whether one is',
    broken: (plan) =>
      of(plan, 'binary_authorization_policy').length === 0
        ? []
        : every(services, (service) => at(service, 'binary_authorization.0.use_default') === true)(plan),
    planted: set('cloud_run_v2_service.service["gateway"]', 'binary_authorization', []),
  },
  {
    says: 'nothing is reached by an address of its own',
    broken: (plan) => of(plan, 'compute_instance', 'sql_database_instance').map(({ address }) => address),
    planted: add('compute_instance', {}),
  },
];
