{
  # CMakeLists.txt is the one native build. This only lets node-gyp, and so prebuildify, call it; the work is done
  # in build-addon/, because `node-gyp rebuild` wipes build/.
  "targets": [
    {
      "target_name": "millrace",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake",
          "inputs": ["CMakeLists.txt"],
          "outputs": ["<(PRODUCT_DIR)/millrace.node"],
          "action": ["node", "scripts/build-native.mjs"]
        }
      ]
    }
  ]
}
