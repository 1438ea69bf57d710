import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseOverlayDocuments } from '../../src/model/overlay-document.ts';
import { compileNodeStates } from '../../src/planner/node-states.ts';
import { planAll, THREE_NODES, unwrap } from './overlay-builder.ts';

const FOLDER = new URL('../../examples/', import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

describe('the examples', () => {
  test('show every kind of topology', () => {
    const kinds = FILES.flatMap((file) =>
      unwrap(parseOverlayDocuments(readFileSync(new URL(file, FOLDER)))).map(
        ({ overlay }) => overlay.spec.topology.kind,
      ),
    );
    expect(new Set(kinds)).toEqual(
      new Set(['line', 'ring', 'star', 'bus', 'tree', 'grid', 'custom', 'mesh']),
    );
  });

  test.each(FILES)('%s says what it shows, and stands on three nodes', (file) => {
    const source = readFileSync(new URL(file, FOLDER));
    expect(source.toString()).toMatch(/^# [A-Z]/);
    const planned = planAll(...unwrap(parseOverlayDocuments(source)).map(({ overlay }) => overlay));
    const states = unwrap(compileNodeStates(planned, THREE_NODES, 1));
    expect([...states.values()].every(({ overlays }) => overlays.length === planned.length)).toBe(true);
  });

  test('have names of their own, so that all of them can be applied', () => {
    const names = FILES.flatMap((file) =>
      unwrap(parseOverlayDocuments(readFileSync(new URL(file, FOLDER)))).map(
        ({ overlay }) => overlay.metadata.name,
      ),
    );
    expect(new Set(names).size).toBe(names.length);
  });
});
