/** Figures of instances as a table, and what they are held against. */
import { align } from './report.mjs';

const known = (value, digits) => (value === undefined ? '' : value.toFixed(digits));
const COLUMNS = ['vinet', 'plain', 'vinet', 'plain', 'vinet', 'plain', 'one router more', 'lost'];
/** Of deploying the plain script's way. */
const AT_MOST = { dedicated: 0.55, shared: 0.4 };

export function renderRouting(cases) {
  const rows = cases.map(({ name, vinet, plain }) => [
    name,
    known(vinet.apply, 1),
    known(plain.apply, 1),
    known(vinet.frrCpu + vinet.agentCpu + vinet.controllerCpu, 1),
    known(plain.frrCpu + plain.scriptCpu, 1),
    known(vinet.frrMegabytes, 0),
    known(plain.frrMegabytes, 0),
    known(vinet.adding, 1),
    vinet.lost === undefined ? '' : `${vinet.lost} of ${vinet.sent}`,
  ]);
  return [
    'from nothing to every route everywhere, s; CPU of all that took part, s; memory of FRR, MB (PSS)',
    align([['', 's', 's', 'CPU', 'CPU', 'MB', 'MB', 's', 'packets'], ['', ...COLUMNS], ...rows]),
  ].join('\n');
}

export function judgeRouting(cases) {
  const of = (instance) => cases.filter((one) => one.instance === instance);
  const [dedicated, shared] = [of('dedicated')[0], of('shared')[0]];
  const times = cases.map(({ name, instance, vinet, plain }) =>
    atMost(
      `${name}: at most ${AT_MOST[instance]} of the plain script’s time`,
      vinet.apply / plain.apply,
      AT_MOST[instance],
    ),
  );
  const growing = of('dedicated')
    .concat(of('shared'))
    .filter(({ vinet }) => vinet.adding !== undefined)
    .flatMap(({ name, vinet }) => [
      atMost(`${name}: one router more, of deploying all: at most 0.05`, vinet.adding / vinet.apply, 0.05),
      atMost(`${name}: packets that untouched routers lost meanwhile: none`, vinet.lost, 0),
    ]);
  return [
    ...times,
    atMost(
      'memory of FRR, shared, of dedicated: under 0.1',
      shared.vinet.frrMegabytes / dedicated.vinet.frrMegabytes,
      0.1,
    ),
    ...growing,
  ];
}

function atMost(text, figure, mark) {
  return { text, figure, met: figure <= mark };
}
