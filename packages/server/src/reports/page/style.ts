import type { Html } from './html.ts'

type Palette = Readonly<Record<ColourName, string>>
type ColourName =
  | 'paper'
  | 'ink'
  | 'muted'
  | 'line'
  | 'past'
  | 'd1'
  | 'mean'
  | 'critical'
  | 'warning'
  | 'receipt'
  | 'time'
  | 'only-af'
  | 'only-store'

/** Paper is always light. A test measures how well text and drawings stand out in both. */
export const LIGHT: Palette = {
  paper: '#ffffff',
  ink: '#1b1f24',
  muted: '#57606a',
  line: '#d5dae0',
  past: '#8794a3',
  d1: '#1f5fbf',
  mean: '#1b1f24',
  critical: '#b3261e',
  warning: '#8a5300',
  receipt: '#1f5fbf',
  time: '#648ecf',
  'only-af': '#b5651d',
  'only-store': '#7a5195',
}

export const DARK: Palette = {
  paper: '#14171b',
  ink: '#e7eaee',
  muted: '#a3adb8',
  line: '#343b44',
  past: '#6b7886',
  d1: '#78a9f5',
  mean: '#e7eaee',
  critical: '#ff8f86',
  warning: '#f0b34a',
  receipt: '#78a9f5',
  time: '#4b74b8',
  'only-af': '#e0964e',
  'only-store': '#b48bd0',
}

const variables = (palette: Palette): string =>
  Object.entries(palette)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';')

export const STYLE: Html = {
  html: `
:root{color-scheme:light dark;${variables(LIGHT)}}
@media screen and (prefers-color-scheme:dark){:root{${variables(DARK)}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0 auto;max-width:68rem;padding:2rem 1.25rem 3rem;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums lining-nums}
h1,h2,h3{line-height:1.25;margin:0;text-wrap:balance}
h1{font-size:1.75rem;font-weight:650;letter-spacing:-.01em}
h1 time{font-weight:400;color:var(--muted);white-space:nowrap}
h2{font-size:1.25rem;font-weight:650;padding-top:.75rem;border-top:2px solid var(--ink)}
h3{font-size:1rem;font-weight:600;margin-top:1.5rem}
p{margin:.5rem 0;max-width:44rem;text-wrap:pretty}
section{margin-top:2.75rem}
header p,.moved,.more,footer,small{color:var(--muted)}
header p{margin-top:.25rem}
code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
bdi{overflow-wrap:anywhere}
.figures{display:grid;grid-template-columns:repeat(12,1fr);gap:1.5rem 1.25rem;margin:1.25rem 0 0}
.figures .large{grid-column:span 4}
.figures .small{grid-column:span 3}
.figures dt{font-size:.875rem;font-weight:600}
.figures dd{margin:0}
.figures .value{font-size:1.375rem;line-height:1.3;overflow-wrap:anywhere}
.figures .large .value{font-size:2rem;line-height:1.2;letter-spacing:-.015em}
.figures .moved{font-size:.8125rem;line-height:1.4;margin-top:.125rem}
.anomalies{list-style:none;margin:1rem 0;padding:0;display:grid;gap:1.25rem}
.anomalies li{border-left:3px solid;padding:0 0 0 .875rem;display:grid;grid-template-columns:auto 1fr;gap:.125rem 1.25rem}
.anomalies .days{grid-row:1/span 3;margin-top:.375rem}
.anomalies h3,.anomalies p{margin:0}
.anomalies .critical{border-color:var(--critical)}
.anomalies .warning{border-color:var(--warning)}
.anomalies h3 data{margin-right:.375rem}
.critical b,.critical h3 data{color:var(--critical)}
.warning b,.warning h3 data{color:var(--warning)}
.wide{overflow-x:auto;margin:.75rem 0}
table{border-collapse:collapse;width:100%;font-size:.875rem;line-height:1.35}
th,td{padding:.375rem .75rem .375rem 0;text-align:left;vertical-align:middle;border-bottom:1px solid var(--line)}
th:last-child,td:last-child{padding-right:0}
thead th{vertical-align:bottom;font-weight:600;color:var(--muted);border-bottom-color:var(--muted);white-space:nowrap}
tbody th{font-weight:500;min-width:8rem;max-width:22rem}
.n{text-align:right;white-space:nowrap}
.n+td:not(.n),.n+th:not(.n){padding-left:.75rem}
td time,.status{white-space:nowrap}
td b{font-weight:600}
svg{display:block}
.days{overflow:visible}
.days .base{stroke:var(--line)}
.days .past{fill:var(--past)}
.days .d1{fill:var(--d1)}
.critical .days .d1{fill:var(--critical)}
.warning .days .d1{fill:var(--warning)}
.days .mean{stroke:var(--mean);stroke-dasharray:3 2}
.bars{margin:1.25rem 0;display:grid;gap:1rem}
.bars text{fill:var(--muted);font-size:.8125rem}
.bars line{stroke:var(--muted)}
.matched_by_receipt{fill:var(--receipt)}
.matched_by_time{fill:var(--time)}
.af_only{fill:var(--only-af)}
.confirmed_only{fill:var(--only-store)}
.key{display:inline-block;margin-right:.25rem}
.notes{padding-left:1.25rem}
footer{margin-top:3rem;border-top:1px solid var(--line);font-size:.875rem}
:focus-visible{outline:2px solid var(--d1);outline-offset:2px}
@media (max-width:40rem){body{padding:1.25rem 1rem 2rem}h1{font-size:1.5rem}h1 time{display:block;white-space:normal;font-size:1.25rem}.anomalies li{grid-template-columns:1fr auto}.anomalies .days{grid-area:1/2;margin:0}.anomalies h3{grid-area:1/1}.anomalies p{grid-column:1/-1}.figures{grid-template-columns:1fr 1fr}.figures .large,.figures .small{grid-column:auto}.figures .large:first-child{grid-column:1/-1}.figures .large:not(:first-child) .value{font-size:1.375rem;line-height:1.3;letter-spacing:0}tbody th{min-width:7rem;max-width:11rem}}
@media print{@page{margin:14mm}body{max-width:none;padding:0;font-size:9.5pt}.wide{overflow:visible}h2,h3,thead{break-after:avoid}tr,li,dl div,.bars{break-inside:avoid}section{margin-top:1.5rem}table{font-size:8pt}}
`,
}
