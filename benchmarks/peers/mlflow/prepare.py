"""Save the pipeline for `mlflow models serve`."""

import joblib
import mlflow.sklearn

mlflow.sklearn.save_model(
    joblib.load("model.joblib"), "served", pyfunc_predict_fn="predict_proba", serialization_format="cloudpickle"
)
