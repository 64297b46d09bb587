// Every example runs, in its short form.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from './packages';

const all = readdirSync(`${root}/examples`).filter((file) => file.endsWith('.ts') && !file.endsWith('.config.ts'));
/** It fetches 118 MB. */
const fetching = 'word-vectors.ts';
/** It draws, and is looked at below. */
const drawing = 'pareto.ts';
const examples = all.filter((file) => file !== fetching && file !== drawing);

it.each(examples)('%s', (example) => {
  const result = spawnSync(process.execPath, ['examples/run.mjs', example, '--smoke'], { cwd: root, encoding: 'utf8', timeout: 240_000 });
  expect(result.status, result.stderr).toBe(0);
  expect(result.stdout).toMatch(/\S/);
});

it('pareto.ts draws each way on the landscape and each end on the fronts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pareto-'));
  try {
    const args = ['examples/run.mjs', drawing, '--smoke', '--out', join(folder, 'pareto.svg')];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', timeout: 240_000 });
    expect(status, stderr).toBe(0);
    const svg = elements(readFileSync(join(folder, 'pareto.svg'), 'utf8'));
    const panels = svg.children.filter(({ name, attributes }) => name === 'g' && attributes.transform);
    const methods = [...stdout.split('\n\n')[1]!.matchAll(/^(.*?)\s*\(/gm)].map(([, name]) => name!);
    expect(methods.length).toBeGreaterThan(8);
    expect(panels).toHaveLength(methods.length + 3);
    for (const [i, method] of methods.entries()) {
      const { children } = panels[i]!;
      const title = children.find(({ name }) => name === 'text')!.text;
      expect(title).toMatch(new RegExp(`^${method}: [0-3] of 3$`));
      // A way from each start, with more than its two ends, and a dot at either.
      const ways = children.filter(({ name }) => name === 'polyline').map(({ attributes }) => attributes.points!.split(' '));
      expect(ways.map((way) => way.length > 20)).toEqual([true, true, true]);
      expect(new Set(ways.map(([start]) => start)).size).toBe(3);
      const dots = children.filter(({ name }) => name === 'circle').map(({ attributes }) => `${attributes.cx},${attributes.cy}`);
      expect(dots).toEqual(ways.flatMap((way) => [way[0], way.at(-1)]));
      for (const number of ways.flat().flatMap((point) => point.split(','))) expect(Number(number)).toSatisfy(Number.isFinite);
    }
    for (const panel of panels.slice(methods.length)) {
      const of = (name: string) => panel.children.filter((child) => child.name === name);
      expect(of('polyline')).toHaveLength(1);
      // Eight ends a method, and its place in the legend.
      expect(of('circle')).toHaveLength(9 * methods.length);
      for (const method of methods) expect(of('text').map(({ text }) => text)).toContain(method);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it.each(all)('%s says what it is', (example) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['examples/run.mjs', example, '--help'], { cwd: root, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain(`node examples/run.mjs ${example}`);
});

interface Element {
  readonly name: string;
  readonly attributes: { readonly [name: string]: string };
  readonly children: Element[];
  text: string;
}

/** The root of a document of elements, attributes and text; throws where a tag is not closed or anything else stands in it. */
function elements(xml: string): Element {
  const open: Element[] = [{ name: '', attributes: {}, children: [], text: '' }];
  const tag = /<(\/?)([a-z][\w-]*)((?:\s+[\w:-]+="[^"<&]*")*)\s*(\/?)>|([^<&]+)/gy;
  while (tag.lastIndex < xml.length) {
    const at = tag.lastIndex;
    const found = tag.exec(xml);
    if (!found) throw new Error(`Not well-formed at ${at}: ${xml.slice(at, at + 60)}`);
    const [, closing, name, attributes = '', single, text] = found;
    const top = open.at(-1)!;
    if (text !== undefined) top.text += text;
    else if (closing) {
      if (open.pop()!.name !== name) throw new Error(`</${name}> closes <${top.name}>.`);
    } else {
      const pairs = [...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, key, value]) => [key!, value!] as const);
      const element: Element = { name: name!, attributes: Object.fromEntries(pairs), children: [], text: '' };
      top.children.push(element);
      if (!single) open.push(element);
    }
  }
  const [document, ...left] = open;
  if (left.length > 0 || document!.children.length !== 1) throw new Error(`${left.length} elements are not closed.`);
  return document!.children[0]!;
}
