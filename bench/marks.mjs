/**
 * What the figures are held against. A mark is { text, met, figure }; those whose stages were not run are left out.
 * @param sizes numbers of routers, as asked
 * @param results by contestant, then by size
 */
export function judge(sizes, results) {
  const largest = Math.max(...sizes);
  const at = (contestant, key) => results[contestant]?.[largest]?.[key];
  const marks = [
    atLeast(
      'kernel objects a second: at least 0.8 of ip -batch',
      ratio(at('kernel ip -batch', 'build'), at('kernel vinet', 'build')),
      0.8,
    ),
    atLeast(
      '… namespaces and links alone, where ip -batch is a single process: at least 0.8',
      ratio(at('kernel ip -batch', 'links'), at('kernel vinet', 'links')),
      0.8,
    ),
    atLeast(
      'kernel objects a second: at least 5 × Mininet',
      ratio(at('kernel Mininet', 'build'), at('kernel vinet', 'build')),
      5,
    ),
    atMost(
      'apply to every route everywhere: at most 0.75 of the plain script',
      ratio(at('deploy vinet', 'apply'), at('deploy plain', 'apply')),
      0.75,
    ),
    atMost(
      'teardown, daemons included: at most 0.25 of Mininet’s',
      ratio(at('deploy vinet', 'stop'), at('kernel Mininet', 'stop')),
      0.25,
    ),
    atMost('memory of the agent, MB (PSS): under 150', at('deploy vinet', 'agentMegabytes'), 150),
    atMost('idle agent, % of a core: below 3', percent(at('deploy vinet', 'idle')), 3),
    atMost(
      'what doubling N costs: at most 2 × (5 % for noise)',
      doublingCost(sizes, results['deploy vinet']),
      2.1,
    ),
  ];
  return marks.filter((mark) => Number.isFinite(mark.figure));
}

/** How much longer an apply takes for twice as many routers, from the two largest sizes. */
export function doublingCost(sizes, bySize) {
  const [smaller, larger] = [...sizes].sort((a, b) => a - b).slice(-2);
  if (bySize?.[smaller] === undefined || bySize[larger] === undefined) return Number.NaN;
  return (bySize[larger].apply / bySize[smaller].apply) ** (1 / Math.log2(larger / smaller));
}

function atLeast(text, figure, mark) {
  return { text, figure, met: figure >= mark };
}

function atMost(text, figure, mark) {
  return { text, figure, met: figure <= mark };
}

function ratio(a, b) {
  return a === undefined || b === undefined ? Number.NaN : a / b;
}

function percent(part) {
  return part === undefined ? Number.NaN : part * 100;
}
