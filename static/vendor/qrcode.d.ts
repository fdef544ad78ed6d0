// The library as it stands in dist/static/vendor, where copy.mjs puts it.

export { default } from 'qrcode-generator'
