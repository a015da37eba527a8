// Packing this folder would publish TypeScript sources, which Node refuses inside node_modules.
console.error(
  'Build first (npm run build -w packages/sdk), then pack the folder packages/sdk/dist.',
)
process.exitCode = 1
