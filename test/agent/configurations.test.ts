import { expect, it } from 'vitest';
import { ConfigurationRenderer, renderConfigurations } from '../../src/agent/configurations.ts';
import { openTemplates } from '../../src/agent/frr/templates.ts';
import type { NodeState } from '../../src/model/node-state.ts';
import type { RoutingState } from '../../src/model/routing-state.ts';
import { buildOverlay, statesOf } from '../planner/overlay-builder.ts';

const templates = openTemplates(['frr/templates']);

it.each(['dedicated', 'shared'] as const)(
  'of %s daemons are rendered for new and changed routers only',
  (instance) => {
    const rendered: string[] = [];
    const render = (routing: RoutingState) => {
      rendered.push(routing.hostname);
      return templates.render(routing);
    };
    const renderer = new ConfigurationRenderer({ render });
    const [four, five] = [ring(4, instance), ring(5, instance)];

    renderer.render(four);
    expect(rendered.splice(0)).toHaveLength(4);
    // The ring is opened between r1 and r4.
    expect(renderer.render(five)).toEqual(renderConfigurations(five, templates));
    expect(rendered.splice(0).sort()).toEqual(['r1', 'r4', 'r5']);
    renderer.render(five);
    expect(rendered).toEqual([]);
  },
);

it('are rendered anew after an overlay was gone in between: no more is remembered than what the node last was', () => {
  const rendered: string[] = [];
  const render = (routing: RoutingState) => {
    rendered.push(routing.hostname);
    return templates.render(routing);
  };
  const renderer = new ConfigurationRenderer({ render });
  renderer.render(ring(3, 'dedicated'));
  renderer.render({ revision: 2, overlays: [] });
  renderer.render(ring(3, 'dedicated'));
  expect(rendered).toHaveLength(6);
});

function ring(routers: number, instance: 'dedicated' | 'shared'): NodeState {
  const overlay = buildOverlay(
    { kind: 'ring', routers },
    { placement: { nodes: ['n1'] }, routing: { instance } },
  );
  return statesOf(overlay).get('n1') ?? { revision: 0, overlays: [] };
}
