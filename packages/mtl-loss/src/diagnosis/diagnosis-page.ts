import type { Diagnosis } from './diagnosis';
import { escapeXml, heatMap } from './heat-map';
import { type Spread, standardError } from './statistics';

/** A diagnosis as one HTML page that needs nothing else: verdicts, a table of tasks, heat maps, the course of conflict. */
export function diagnosisPage(diagnosis: Diagnosis, { title = 'Do these tasks go together?' }: { readonly title?: string } = {}): string {
  const labels = diagnosis.tasks.map(({ task }) => task);
  const means = (matrix: readonly (readonly Spread[])[]) => matrix.map((row) => row.map(({ mean }) => mean));
  const maps = [
    heatMap({ title: 'Cosine of task gradients', labels, values: means(diagnosis.cosine), limit: 1 }),
    ...(diagnosis.corrected ? [heatMap({ title: 'The same without batch noise', labels, values: diagnosis.corrected, limit: 1 })] : []),
    ...(diagnosis.affinity
      ? [
          heatMap({
            title: 'Affinity: % of the loss that one step takes away',
            labels,
            values: means(diagnosis.affinity).map((row) => row.map((value) => 100 * value)),
            rows: 'a step for …',
            columns: '… and the loss of',
          }),
        ]
      : []),
  ];
  const cells = diagnosis.tasks.map(({ task, loss, norm, dominance, withRest, signal, received }) =>
    [task, plusMinus(loss), plusMinus(norm), `${dominance.toPrecision(2)}×`, plusMinus(withRest), share(signal), share(received?.mean)]
      .map((cell) => `<td>${escapeXml(cell)}</td>`)
      .join(''),
  );
  const verdicts = diagnosis.verdicts.map(
    ({ text, evidence }) =>
      `<li><p>${escapeXml(text).replace(/`([^`]*)`/g, '<code>$1</code>')}</p><small>${escapeXml(
        Object.entries(evidence)
          .map(([name, value]) => `${name} ${short(value)}`)
          .join(' · '),
      )}</small></li>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeXml(title)}</title><meta name="viewport" content="width=device-width">
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}table{border-collapse:collapse}td,th{padding:.3rem .8rem;text-align:right;border-bottom:1px solid #ddd}td:first-child,th:first-child{text-align:left}li p{margin:0}small{color:#666}svg{max-width:100%;height:auto}</style></head>
<body><h1>${escapeXml(title)}</h1>
<ul>${verdicts.join('')}</ul>
<table><thead><tr><th>task</th><th>loss</th><th>gradient norm</th><th>of the rest's</th><th>cosine with the rest</th><th>signal</th><th>affinity received</th></tr></thead>
<tbody>${cells.map((row) => `<tr>${row}</tr>`).join('')}</tbody></table>
<p>${diagnosis.measurements} measurements. Effective rank of the Jacobian ${short(diagnosis.effectiveRank.mean)}, of its directions ${short(diagnosis.directions.mean)}, of ${labels.length}. Pairs in conflict: ${share(diagnosis.conflict.share)}.</p>
${maps.join('\n')}
${courseOf(diagnosis)}
</body></html>
`;
}

/** The share of conflicting pairs over the steps, as a line. */
function courseOf({ conflict }: Diagnosis): string {
  const { steps } = conflict;
  if (steps.length < 2) return '';
  const [left, top, width, height] = [48, 40, 480, 160];
  const [first, last] = [steps[0]!.step, steps.at(-1)!.step];
  const points = steps.map(
    ({ step, share: own }) =>
      `${(left + (width * (step - first)) / (last - first || 1)).toFixed(1)},${(top + height * (1 - own)).toFixed(1)}`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 560 240" width="560" height="240" font-family="system-ui, sans-serif" font-size="13" role="img"><title>Conflict in the course of training</title>
<text x="12" y="22" font-size="15" font-weight="600">Pairs in conflict, in the course of training</text>
<path d="M${left} ${top}V${top + height}H${left + width}" fill="none" stroke="#999"/><text x="40" y="${top + 5}" text-anchor="end">1</text><text x="40" y="${top + height}" text-anchor="end">0</text>
<text x="${left}" y="${top + height + 18}">step ${first}</text><text x="${left + width}" y="${top + height + 18}" text-anchor="end">step ${last}</text>
<polyline points="${points.join(' ')}" fill="none" stroke="#b2182b" stroke-width="2"/></svg>`;
}

function plusMinus(spread: Spread): string {
  return Number.isFinite(spread.mean) ? `${short(spread.mean)} ± ${short(standardError(spread))}` : '–';
}

function share(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? '–' : `${(100 * value).toFixed(Math.abs(value) < 0.1 ? 1 : 0)} %`;
}

function short(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : '–';
}
