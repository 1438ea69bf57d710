import { Liquid, type Template } from 'liquidjs';
import { DAEMONS, type DaemonName, type RoutingState } from '../../model/routing-state.ts';
import { errorText, VinetError } from '../../model/vinet-error.ts';

/** FRR's configuration as Liquid templates, parsed once: who changes one starts the agent anew. */
export interface ConfigTemplates {
  /**
   * Fails with `template` and the place in the template, and with `unsafe-value` where a value is more than a
   * name, an address or a number.
   */
  render(routing: RoutingState): Map<DaemonName, string>;
}

/** Reads `DAEMON.conf.liquid` of each daemon from the first folder that has it. Fails with `template`. */
export function openTemplates(folders: readonly string[]): ConfigTemplates {
  const engine = new Liquid({
    root: [...folders],
    extname: '.conf.liquid',
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    cache: true,
  });
  // Part of others, so that a fault in it is found now and not when it is first used.
  parse(engine, POLICY);
  const templates = new Map(DAEMONS.map((daemon) => [daemon, parse(engine, daemon)]));
  return { render: (routing) => renderAll(engine, templates, routing) };
}

/** Prefix lists and route maps, which several daemons know. */
const POLICY = 'policy';

function parse(engine: Liquid, daemon: DaemonName | typeof POLICY): Template[] {
  try {
    return engine.parseFileSync(daemon);
  } catch (error) {
    throw new VinetError('template', `the template of ${daemon} cannot be used: ${errorText(error)}`, {
      cause: error,
      context: { daemon },
    });
  }
}

function renderAll(
  engine: Liquid,
  templates: ReadonlyMap<DaemonName, Template[]>,
  routing: RoutingState,
): Map<DaemonName, string> {
  const { raw, ...values } = routing;
  refuseUnsafeValues(values, 'routing');
  const configs = new Map<DaemonName, string>();
  for (const daemon of routing.daemons) {
    try {
      const text: unknown = engine.renderSync(templates.get(daemon) ?? [], { ...values });
      configs.set(daemon, `${tidy(String(text))}${rawLines(raw, daemon)}`);
    } catch (error) {
      throw new VinetError('template', `${daemon} of ${routing.hostname}: ${errorText(error)}`, {
        cause: error,
        context: { daemon, router: routing.hostname },
      });
    }
  }
  return configs;
}

const SAFE_VALUE = /^[A-Za-z0-9._:/@%+=,~^*-]*$/;

/**
 * The one gate between the specification and FRR's configuration. A new line, a `!` or a space in a name would
 * be configuration of its own; no name, address or prefix has any of them.
 */
function refuseUnsafeValues(value: unknown, path: string): void {
  if (typeof value === 'string' && !SAFE_VALUE.test(value)) {
    throw new VinetError(
      'unsafe-value',
      `${path} may not stand in FRR's configuration: ${JSON.stringify(value)}`,
      {
        context: { path },
      },
    );
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, part] of Object.entries(value)) refuseUnsafeValues(part, `${path}.${key}`);
}

/** What the operator wrote stands last, so that it has the last word. */
function rawLines(raw: RoutingState['raw'], daemon: DaemonName): string {
  const lines = raw.flatMap((one) => (one.daemon === daemon ? one.lines : []));
  // A control character could be a line that nobody has looked at.
  if (lines.some((line) => /\p{Cc}/u.test(line))) {
    throw new VinetError('unsafe-value', `lines for ${daemon} hold control characters`, {
      context: { daemon },
    });
  }
  return lines.length === 0 ? '' : `! Lines of the operator\n${lines.join('\n')}\n!\n`;
}

/** Tags leave empty lines behind; FRR separates sections with `!`. */
function tidy(text: string): string {
  const lines = text.split('\n').map((line) => line.trimEnd());
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}
