import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'

const { resolve } = createRequire(import.meta.url)

/** A file of an installed package. */
const installed = (path: string): Promise<Buffer> => readFile(resolve(path))

/**
 * ReDoc shows its maker's logo from a host on the internet. These pages load nothing from outside,
 * so the address gives way to an empty one; ReDoc then leaves the picture out.
 */
async function redocBundle(): Promise<string> {
  const bundle = await installed('redoc/bundles/redoc.standalone.js')
  return bundle.toString().replaceAll('https://cdn.redoc.ly/redoc/logo-mini.svg', 'data:,')
}

const page = (title: string, styles: string, scripts: readonly string[]): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
${styles}</head>
<body>
<div id="page"></div>
${scripts.map((script) => `<script src="${script}"></script>\n`).join('')}</body>
</html>
`

const SWAGGER_PAGE = page(
  'Questline API: Swagger UI',
  '<link rel="stylesheet" href="docs/swagger-ui.css">\n',
  ['docs/swagger-ui-bundle.js', 'docs/start.js'],
)
const SWAGGER_START = `SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#page',
  deepLinking: true,
  displayRequestDuration: true,
  validatorUrl: null,
})
`

const REDOC_PAGE = page('Questline API: ReDoc', '<link rel="stylesheet" href="redoc/page.css">\n', [
  'redoc/redoc.standalone.js',
  'redoc/start.js',
])
/** The theme's own fonts come from the internet; these are on the machine. */
const REDOC_START = `const text = 'system-ui, sans-serif'
Redoc.init(
  'openapi.json',
  { theme: { typography: { fontFamily: text, headings: { fontFamily: text } } } },
  document.getElementById('page'),
)
`

/** What a page may load: only what this server sends, and what it makes of it itself. */
const policy = (own: readonly string[]): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    ...own,
  ].join('; ')

export type DocumentationFile = {
  readonly url: string
  readonly type: 'text/html' | 'text/css' | 'text/javascript'
  readonly policy?: string
  readonly read: () => string | Promise<string | Buffer>
}

/** Swagger UI at `/docs` and ReDoc at `/redoc`, with all that they load. Nothing is read before it is asked for. */
export const DOCUMENTATION_FILES: readonly DocumentationFile[] = [
  {
    url: '/docs',
    type: 'text/html',
    policy: policy(["style-src 'self'"]),
    read: () => SWAGGER_PAGE,
  },
  {
    url: '/docs/swagger-ui.css',
    type: 'text/css',
    read: () => installed('@fastify/swagger-ui/static/swagger-ui.css'),
  },
  {
    url: '/docs/swagger-ui-bundle.js',
    type: 'text/javascript',
    read: () => installed('@fastify/swagger-ui/static/swagger-ui-bundle.js'),
  },
  { url: '/docs/start.js', type: 'text/javascript', read: () => SWAGGER_START },
  {
    url: '/redoc',
    type: 'text/html',
    // It writes its styles into the page, and searches in a worker that it makes itself.
    policy: policy(["style-src 'self' 'unsafe-inline'", 'worker-src blob:']),
    read: () => REDOC_PAGE,
  },
  { url: '/redoc/page.css', type: 'text/css', read: () => 'body { margin: 0 }\n' },
  { url: '/redoc/redoc.standalone.js', type: 'text/javascript', read: redocBundle },
  { url: '/redoc/start.js', type: 'text/javascript', read: () => REDOC_START },
]
