#!/bin/sh
# Asks for loan scores over REST: loan.sh [URL]
# salary, commission, age, elevel, car, zipcode, hvalue, hyears, loan; a row each.
curl --silent --show-error --fail-with-body --max-time 10 \
  "${1:-http://localhost:8000}/v2/models/loan/infer" --data '{
  "inputs": [{
    "name": "features", "datatype": "FP32", "shape": [2, 9],
    "data": [[90000, 0, 40, 2, 5, 3, 400000, 10, 180000],
             [90000, 0, 40, 2, 5, 3, 400000, 10, 220000]]
  }]
}'
