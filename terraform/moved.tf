# What was renamed since: state is carried over. Kept for a major version.

moved {
  from = google_logging_metric.secret_read[0]
  to   = google_logging_metric.watched["secret-read-elsewhere"]
}

moved {
  from = google_monitoring_alert_policy.secret_read[0]
  to   = google_monitoring_alert_policy.watched["secret-read-elsewhere"]
}

moved {
  from = google_monitoring_alert_policy.down
  to   = google_monitoring_alert_policy.down["gateway"]
}
