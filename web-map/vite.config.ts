import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { gzipTwins, serviceWorker } from './build/plugins.ts'

export default defineConfig({
  plugins: [vue(), serviceWorker(), gzipTwins()],
  define: {
    __VUE_OPTIONS_API__: false,
    __VUE_I18N_LEGACY_API__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  build: {
    outDir: 'dist/app',
    emptyOutDir: true,
    target: 'es2022',
    chunkSizeWarningLimit: 1300,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            {
              name: 'maplibre',
              test: /node_modules\/(maplibre-gl|@maplibre|@mapbox|pbf|earcut|kdbush|gl-matrix)/,
            },
            { name: 'vue', test: /node_modules\/(@vue|vue|pinia|vue-router|vue-i18n|@intlify)/ },
          ],
        },
      },
    },
  },
  test: { include: ['test/**/*.test.ts'] },
  server: { proxy: { '/api': process.env.JIUJIN_API ?? 'http://127.0.0.1:8080' } },
})
