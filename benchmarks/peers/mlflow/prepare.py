"""Make of the pipeline what `mlflow models serve` serves."""

import joblib
import mlflow.sklearn

mlflow.sklearn.save_model(
    joblib.load("model.joblib"), "served", pyfunc_predict_fn="predict_proba", serialization_format="cloudpickle"
)
