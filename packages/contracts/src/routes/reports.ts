import { Type } from 'typebox'
import { defineRoute, Instant, Shown, ShownInteger } from '../route.ts'

const Day = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}$',
  format: 'client-time',
  description: 'A UTC day.',
  examples: ['2026-02-28'],
})

export const RUN_PIPELINE = defineRoute({
  id: 'runPipeline',
  method: 'POST',
  path: '/run-pipeline',
  aliases: [],
  tag: 'Reports',
  summary: 'Make the daily reports',
  description:
    'Runs what `questline reports run` runs and answers when it has ended: `ok` with the summary in `stdout`, or not `ok` with one line in `stderr`. `returncode` is the exit code of the command. With `wait=false` it answers as soon as the run has begun. One run at a time. The run goes on when the client does not wait for its answer. From the same machine no key is needed where the server leaves that door open.',
  access: 'operator-or-door',
  takesMinutes: true,
  idempotent: false,
  query: Type.Object(
    {
      wait: Type.Optional(Type.Boolean({ description: '`false`: do not wait for the end.' })),
      date: Type.Optional(Day),
    },
    { additionalProperties: false },
  ),
  responses: {
    200: Type.Object(
      {
        ok: Type.Boolean(),
        returncode: Type.Integer({
          description:
            '0 done; 1 our own fault, or stopped; 2 a file, a column or a setting is missing or cannot be used.',
        }),
        stdout: Type.String({ description: 'The summary of the run, for people.' }),
        stderr: Type.String({ description: 'Why there are no new reports, in one line.' }),
        run: Type.Union([Shown, Type.Null()], { description: 'Null when no run was begun.' }),
      },
      { title: 'PipelineRun' },
    ),
    202: Type.Object({ run: Shown }, { title: 'PipelineStarted' }),
  },
  problems: ['door-closed', 'run-in-progress'],
})

export const REPORTS = defineRoute({
  id: 'reports',
  method: 'GET',
  path: '/reports',
  aliases: [],
  tag: 'Reports',
  summary: 'List the reports',
  description:
    'What each report is, how it can be read, and the D-1 of the newest good run; `run` and `date` are null before the first.',
  access: 'operator-of-all',
  idempotent: false,
  responses: {
    200: Type.Object(
      {
        run: Type.Union([Shown, Type.Null()]),
        date: Type.Union([Shown, Type.Null()]),
        finished_at: Type.Union([Instant, Type.Null()]),
        reports: Type.Array(
          Type.Object({
            name: Shown,
            about: Shown,
            types: Type.Array(Shown, {
              description: 'Media types for `Accept`, the default first.',
            }),
            date: Type.Union([Shown, Type.Null()]),
            href: Type.Union([Shown, Type.Null()]),
          }),
        ),
      },
      { title: 'Reports' },
    ),
  },
  problems: [],
})

export const REPORT_RUNS = defineRoute({
  id: 'reportRuns',
  method: 'GET',
  path: '/reports/runs',
  aliases: [],
  tag: 'Reports',
  summary: 'List the runs, newest first',
  description:
    'All runs that are kept, those of the command line too. `date` is the D-1 of a finished run. A run that was killed is shown as `failed`.',
  access: 'operator-of-all',
  idempotent: false,
  responses: {
    200: Type.Object(
      {
        runs: Type.Array(
          Type.Object({
            run: Shown,
            started_at: Instant,
            finished_at: Type.Union([Instant, Type.Null()]),
            status: Type.Union([
              Type.Literal('running'),
              Type.Literal('finished'),
              Type.Literal('failed'),
            ]),
            date: Type.Union([Shown, Type.Null()]),
            rows_in: ShownInteger,
            rejected: ShownInteger,
          }),
        ),
      },
      { title: 'ReportRuns' },
    ),
  },
  problems: [],
})

export const REPORT = defineRoute({
  id: 'report',
  method: 'GET',
  path: '/reports/:name',
  aliases: [],
  tag: 'Reports',
  summary: 'Read a report',
  description:
    'Of the newest good run, with `date` of the newest one with that D-1. `reconciliation`, `roas_d1`, `roas_anomaly` and `arpdau_d1` are JSON, or CSV by `Accept: text/csv`; `purchases_curated` and `rejected_rows` are CSV; `report` is the HTML page; `run` is what `run.json` says. `ETag` names the content; with `If-None-Match` the same content is 304.',
  access: 'operator-of-all',
  idempotent: false,
  produces: ['application/json', 'text/csv', 'text/html'],
  params: Type.Object(
    { name: Type.String({ maxLength: 64, examples: ['roas_d1'] }) },
    { additionalProperties: false },
  ),
  query: Type.Object({ date: Type.Optional(Day) }, { additionalProperties: false }),
  responses: {
    200: Type.Unknown({ title: 'Report', description: 'As docs/reports.md describes each.' }),
  },
  problems: ['no-report', 'not-found'],
})
